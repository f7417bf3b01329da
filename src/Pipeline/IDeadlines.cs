namespace Turnpike.Pipeline;

/// <summary>
/// Keeps the deadlines of requests, which the engine owns: it advances them with its own loop or by one timer for all of them. A deadline
/// never expires early, and at most <see cref="DeadlineWheel.Resolution"/> late, besides what the engine itself is late.
/// </summary>
internal interface IDeadlines
{
    /// <summary>Lets a deadline expire after some time. One that was scheduled before is moved.</summary>
    void Schedule(Deadline deadline, TimeSpan after);

    /// <summary>Cancels a deadline and forgets it at once. Needed only where the object is not going to be scheduled again.</summary>
    void Remove(Deadline deadline);
}
