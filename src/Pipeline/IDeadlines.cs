namespace Turnpike.Pipeline;

/// <summary>
/// Keeps the deadlines of requests, which the engine owns: it advances them with its own loop or by one timer for all of them. A deadline
/// never expires early, and at most <see cref="DeadlineWheel.Resolution"/> late, plus the time by which the engine itself is late.
/// </summary>
internal interface IDeadlines
{
    /// <summary>Schedules a deadline to expire after a time. A deadline that is already scheduled is moved.</summary>
    void Schedule(Deadline deadline, TimeSpan after);

    /// <summary>Cancels a deadline and forgets it at once. This is needed only when the object will not be scheduled again.</summary>
    void Remove(Deadline deadline);
}
