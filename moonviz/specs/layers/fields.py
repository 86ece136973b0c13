"""Numbers that several layers share, with their ranges."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Width = Annotated[int, Field(ge=1, le=65_536)]
Slope = Annotated[float, Field(gt=0, le=1)]
Scale = Annotated[float, Field(gt=0, le=100)]
Kernel = Annotated[int, Field(ge=1, le=31)]
Stride = Annotated[int, Field(ge=1, le=16)]
Padding = Annotated[int, Field(ge=0, le=31)]
Epsilon = Annotated[float, Field(ge=0, le=1)]
