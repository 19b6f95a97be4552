"""A pretended second device, to find what would fail on a GPU where there is none."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

FAR = torch.device("meta")  # the one device that PyTorch always has and that holds nothing itself


class FarTensor(torch.Tensor):
    """Says that it lies on `FAR`; its values are in the CPU tensor `held`."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls: type["FarTensor"], held: torch.Tensor) -> "FarTensor":
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=FAR,
        )
        tensor.held = held
        return tensor

    def tolist(self) -> Any:
        """The values: PyTorch refuses to list those of a subclass."""
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(
        cls: type["FarTensor"], function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        with FarDevice():
            return function(*args, **(kwargs or {}))


class FarDevice(TorchDispatchMode):
    """Computes on the CPU, but refuses what mixes devices, as CUDA does.

    What CUDA allows passes: copies, tensors without dimensions, indices on the CPU.
    """

    COPIES = ("copy_", "_to_copy")
    # What makes a program wait until a GPU has done all that it was given.
    WAITS = ("_local_scalar_dense", "nonzero", "equal", "bincount", "unique")
    INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_")

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []  # those of WAITS that happened

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = function._schema.name.removeprefix("aten::")
        far = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, FarTensor)]
        together = (args[0], *args[2:]) if name in self.INDEXING else args
        given = [x for x in tree_flatten((together, kwargs))[0] if isinstance(x, torch.Tensor)]
        near = [x for x in given if not isinstance(x, FarTensor) and x.dim()]
        if far and name in self.WAITS:
            self.waits.append(name)
        if far and near and name not in self.COPIES:
            raise RuntimeError(f"{name}: tensors on two devices")
        wanted = kwargs.get("device")
        goes_far = bool(far) if wanted is None else torch.device(wanted) == FAR
        if name == "copy_":
            goes_far = isinstance(args[0], FarTensor)
        if wanted is not None:
            kwargs = kwargs | {"device": "cpu"}
        owners = {id(x.held): x for x in far}
        plain = tree_map(lambda x: x.held if isinstance(x, FarTensor) else x, (args, kwargs))
        found = function(*plain[0], **plain[1])

        def place(x: Any) -> Any:
            if not isinstance(x, torch.Tensor):
                return x
            if id(x) in owners and goes_far:
                return owners[id(x)]  # changed in place
            return FarTensor(x) if goes_far else x

        return tree_map(place, found)
