"""Arguments and options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Net = Annotated[str, typer.Argument(metavar="NET", help="A preset's name or a network's JSON file.")]
Method = Annotated[
    list[str],
    typer.Option("--method", metavar="M", help="A method, as `name` or `name:option=value,…`; may be repeated."),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the preset; may be repeated.")
]
Depth = Annotated[
    int | None, typer.Option(help="Number of blocks; on a JSON file, `repeat` of its only repeated block.")
]
Batch = Annotated[int | None, typer.Option(help="Examples in the batch.")]
DType = Annotated[str | None, typer.Option(metavar="DTYPE", help="float64, float32, bfloat16 or float16.")]
Seed = Annotated[int | None, typer.Option(help="Seeds the weights and the choice of the batch.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda or mps.")]
Repeats = Annotated[int | None, typer.Option(help="Timed passes of each method.")]
Json = Annotated[
    str | None, typer.Option("--json", metavar="PATH|-", help="Write JSON to a file, or to standard output.")
]
Fit = Annotated[
    str | None,
    typer.Option("--fit", metavar="BYTES", help="Ask how deep each method fits into so much memory, such as 24GiB."),
]
DeviceModel = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The same for a device by name, such as `RTX 4090`, with all it takes there."),
]
OptimizerName = Annotated[
    str | None, typer.Option("--optimizer", metavar="NAME", help="With `--fit`: none, momentum or adam.")
]
Depths = Annotated[
    str | None, typer.Option(metavar="LIST", help="Estimate each of these depths, such as 1,2,4,…,1024.")
]
Batches = Annotated[str | None, typer.Option(metavar="LIST", help="Estimate each of these batches.")]
