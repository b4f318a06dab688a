"""The pool for functions that may hang."""

import threading

import pytest

from langchain_phase5.evaluation.daemon_executor import DaemonExecutor


def test_calls_are_answered_and_threads_used_again():
    with DaemonExecutor(2, spare=0) as pool:
        names = [pool.submit(threading.current_thread).result().name for _ in range(20)]
        futures = [pool.submit(pow, i, 2) for i in range(100)]
        assert [future.result() for future in futures] == [i * i for i in range(100)]
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 / 0).result()
    assert len(set(names)) <= 2


def test_a_spare_thread_takes_over_from_one_that_hangs():
    release = threading.Event()
    with DaemonExecutor(1, spare=1) as pool:
        hanging = pool.submit(release.wait, 60)
        assert pool.submit(pow, 2, 3).result(timeout=60) == 8
        again = pool.submit(release.wait, 60)
        waiting = pool.submit(pow, 2, 4)
        given_up = pool.submit(pow, 2, 5)
        assert not waiting.done()
        assert given_up.cancel()
        release.set()
        assert waiting.result(timeout=60) == 16
        assert hanging.result(timeout=60)
        assert again.result(timeout=60)


def test_shutting_down_waits_for_nobody():
    begun, release = threading.Event(), threading.Event()
    pool = DaemonExecutor(1, spare=0)
    hanging = pool.submit(lambda: begun.set() or release.wait(60))
    waiting = pool.submit(pow, 2, 3)
    assert begun.wait(60)
    pool.shutdown(cancel_futures=True)
    assert waiting.cancelled()
    assert not hanging.done()
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(pow, 2, 3)
    release.set()
    assert hanging.result(timeout=60)
