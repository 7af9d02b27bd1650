"""Those who watch a call from outside, as `cordboard chaos` has them."""

from cordboard.cli.chaos.call_watchers import AppWatcher, PageWatcher

__all__ = ["AppWatcher", "PageWatcher"]
