"""Networks: layers put together, and what is known of them."""

from moonviz.networks.build import build, describe
from moonviz.networks.network import Network

__all__ = ["Network", "build", "describe"]
