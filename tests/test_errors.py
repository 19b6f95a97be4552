"""What a user's mistake looks like from the shell."""

import errno
import os
import signal
import threading

import pytest

from gan.errors import UserError, command


def test_user_error_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def main() -> None:
        raise UserError("the kernel\n must be 4, 6 or 8")

    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 2
    assert capsys.readouterr().err == "error: the kernel must be 4, 6 or 8\n"


def test_full_disk_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def main() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "losses.csv")

    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 2
    assert capsys.readouterr().err == (
        "error: No space left on device: losses.csv: make room, then run it again\n"
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupt_leaves_with_the_shells_code(number: signal.Signals, code: int) -> None:
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    # A shell's background job starts with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    @command
    def main() -> None:
        os.kill(os.getpid(), number)
        threading.Event().wait(10)
        pytest.fail("the signal did not arrive")

    try:
        with pytest.raises(SystemExit) as leaving:
            main()
    finally:
        for restored, handler in before.items():
            signal.signal(restored, handler)
    assert leaving.value.code == code


def test_programming_mistakes_keep_their_traceback() -> None:
    @command
    def main() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        main()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a server says \x1b[2J\x1b]0;title\x07 here", r"\x1b[2J\x1b]0;title\x07 here"),
        ("the class 'Coup\u00e9 \u8f7f\u8f66'", "'Coup\u00e9 \u8f7f\u8f66'"),
        ("the folder b\udcfcro", r"b\udcfcro"),
        ("right \u202eto left", r"\u202eto left"),
        ("https://u:SECRET@host.org/a.zip?token=SECRET is gone", "https://host.org/a.zip is gone"),
    ],
)
def test_words_of_others_reach_a_terminal_as_text(
    said: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @command
    def main() -> None:
        raise UserError(said)

    with pytest.raises(SystemExit):
        main()
    errors = capsys.readouterr().err
    assert shown in errors
    assert "SECRET" not in errors
    assert all(character.isprintable() for character in errors.rstrip("\n"))
