"""What a user's mistake looks like from the shell."""

import ast
import errno
import io
import os
import signal
import subprocess
import sys
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


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize(("number", "code"), [*zip(SIGNALS, (130, 143, 129), strict=True)])
def test_interrupt_leaves_with_the_shells_code(number: signal.Signals, code: int) -> None:
    before = {n: signal.getsignal(n) for n in SIGNALS}
    # A shell's background job starts with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it

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


PRINTS = """
from gan.errors import command
@command
def main():
    for _ in range(10**5):
        print("x" * 80)
main()
"""


def test_a_reader_that_leaves_ends_it_without_a_word() -> None:
    """As with `| head`."""
    child = [sys.executable, "-c", PRINTS]
    with subprocess.Popen(child, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert (running.stderr.read(), running.wait(60)) == (b"", 141)


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


EARLY = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import gan
os.kill(os.getpid(), signal.SIGINT)
import time; time.sleep(9)
"""


def test_ctrl_c_while_modules_load_is_one_word() -> None:
    done = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "interrupted\n")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {"GOMP_SPINCOUNT": "30000"}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
        ({"GOMP_SPINCOUNT": "9"}, {"GOMP_SPINCOUNT": "9"}),
    ],
)
def test_how_threads_wait_is_the_users_choice(
    given: dict[str, str], wanted: dict[str, str]
) -> None:
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
    code = f"import gan, os; print({{n: os.environ[n] for n in {names} if n in os.environ}})"
    rest = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", code], env=rest | given, capture_output=True, text=True, check=True
    )
    assert ast.literal_eval(done.stdout) == wanted


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", r"Gr\xf6\xdfe \u8f66"), ("latin-1", r"Größe \u8f66"), ("utf-8", "Größe 车")],
)
def test_a_terminal_that_lacks_a_letter_ends_nothing(
    encoding: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, encoding))

    @command
    def main() -> None:
        print("Größe 车", flush=True)

    before = signal.getsignal(signal.SIGTERM)
    try:
        main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert output.getvalue().decode(encoding) == f"{shown}\n"
