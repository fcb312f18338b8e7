"""What the worker does about failures, apart from any work."""

from mcp_platform.worker import LONGEST_PAUSE_S, _pause


def test_however_often_something_failed_there_is_a_pause() -> None:
    assert all(0 <= _pause(failures) <= LONGEST_PAUSE_S for failures in (1, 7, 1_024, 10**9))
