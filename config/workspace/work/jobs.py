"""Long work that shows itself: made, advanced, finished."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from config.workspace.models import Job, User


def start_job(
    *, kind: str, title: str, subject: str = "", total: int | None = None, user: User | None = None
) -> Job:
    """A job that runs from now on."""
    return Job.objects.create(
        kind=kind,
        title=title,
        subject=subject,
        total=total,
        state=Job.State.RUNNING,
        started_at=timezone.now(),
        created_by=user,
    )


def advance(job: Job, by: int) -> bool:
    """Count `by` more as done; False when it was asked to stop (`stop_requested`)."""
    Job.objects.filter(pk=job.pk).update(done=F("done") + by)
    return not Job.objects.filter(pk=job.pk, stop_requested=True).exists()


def finish_job(job: Job, *, state: str = Job.State.DONE, error: str = "", **result: Any) -> None:
    """Close the job with its result; once closed it stays as it is."""
    Job.objects.filter(pk=job.pk, finished_at=None).update(
        state=state, error=error, result=result, finished_at=timezone.now()
    )


def stop_jobs(subject: str) -> None:
    """Close what runs for something that will not go on."""
    running = Job.objects.filter(subject=subject, finished_at=None)
    running.update(state=Job.State.STOPPED, finished_at=timezone.now())
