namespace Turnpike.Pipeline;

/// <summary>
/// An action that runs at a given time unless it is cancelled before. One object may be scheduled again and again, by one caller at a
/// time; it costs no memory besides itself.
/// </summary>
internal abstract class Deadline : IThreadPoolWorkItem
{
    /// <summary>The value of <see cref="DueTick"/> and <see cref="LinkedTick"/> that stands for "not at all".</summary>
    internal const long Never = long.MaxValue;

    /// <summary>The value of <see cref="DueTick"/> after the deadline has expired.</summary>
    internal const long Expired = long.MinValue;

    /// <summary>
    /// The tick of the wheel at which the deadline expires. Written by the caller and by the wheel, by atomic exchanges only.
    /// </summary>
    internal long DueTick = Never;

    /// <summary>The tick at which the wheel looks at this deadline next, which is never later than <see cref="DueTick"/>.</summary>
    internal long LinkedTick = Never;

    internal Deadline? Previous;
    internal Deadline? Next;

    /// <summary>
    /// Whether the deadline has ever expired. Its action may then still be running on another thread, so the owner must not be reused: the
    /// action would affect the new work.
    /// </summary>
    public bool HasExpired { get; private set; }

    /// <summary>Cancels the deadline. An action that has begun goes on. Cancelling again is harmless.</summary>
    public void Cancel()
    {
        if (Volatile.Read(ref DueTick) != Never && Interlocked.Exchange(ref DueTick, Never) == Expired)
            HasExpired = true;
    }

    /// <summary>
    /// Whether nothing was scheduled or cancelled since the deadline expired. An action may ask, under a lock of its owner.
    /// </summary>
    protected bool IsCurrent => Volatile.Read(ref DueTick) == Expired;

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute() => OnExpired();

    /// <summary>Sets the tick at which the deadline expires; the exchange is a full fence, on which the wheel relies.</summary>
    internal void Set(long tick)
    {
        if (Interlocked.Exchange(ref DueTick, tick) == Expired)
            HasExpired = true;
    }

    /// <summary>Runs when the time has come. It must neither wait nor throw.</summary>
    protected internal abstract void OnExpired();
}
