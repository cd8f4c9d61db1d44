"""Which networks this installation knows, by name."""

from incidents.channels.protocol import Capability, Channel


class UnknownChannel(LookupError):
    """No channel goes by this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown channel {name!r}; known: {', '.join(names()) or 'none'}")
        self.name = name


_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Make a network known. The same channel twice is harmless, two of one name are not."""
    known = _channels.get(channel.name)
    if known is not None and type(known) is not type(channel):
        raise ValueError(f"two channels are called {channel.name!r}")
    _channels[channel.name] = channel


def get(name: str) -> Channel:
    """The network of this name, or `UnknownChannel`."""
    try:
        return _channels[name]
    except KeyError:
        raise UnknownChannel(name) from None


def names() -> tuple[str, ...]:
    """All known networks, sorted."""
    return tuple(sorted(_channels))


def with_capability(capability: Capability) -> tuple[Channel, ...]:
    """The networks that can do this, sorted by name."""
    return tuple(_channels[name] for name in names() if capability in _channels[name].capabilities)
