"""shop: a serverless commerce platform. See docs/architecture.md for the map."""

import sys

# msgspec takes typing_extensions where it finds it, as in Stripe's layer, and `inspect` comes with it: 12 ms
# of each cold start. Python's own typing has all that is looked for; None means "not installed" to an import.
if not {"msgspec", "typing_extensions"} & set(sys.modules):
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    import msgspec  # noqa: F401

    del sys.modules["typing_extensions"]
