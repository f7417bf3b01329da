namespace Turnpike.Pipeline;

/// <summary>
/// The objects that the forwarding of a request needs. They are kept together and serve one request after the other, so that a request in
/// the steady state allocates none of them.
/// </summary>
internal sealed class ForwardingState : IDisposable
{
    public ForwardingState(AttemptServices services, BodyBudget budget)
    {
        Deadlines = new RequestDeadlines(services.Deadlines);
        Waits = new ClientWaits(Deadlines, services.Deadlines, services.Time);
        Body = new BufferingBody(budget, Deadlines);
        Attempt = new Attempt(services);
        Plan = new RetryPlan(services);
    }

    public RequestDeadlines Deadlines { get; }

    public ClientWaits Waits { get; }

    public BufferingBody Body { get; }

    public OutgoingRequest Outgoing { get; } = new();

    public Attempt Attempt { get; }

    public RetryPlan Plan { get; }

    /// <summary>The headers of the response as the endpoint sent them.</summary>
    public HeaderList Received { get; } = new();

    /// <summary>Forgets the request, which must have ended.</summary>
    /// <returns>False when work for the request may still be under way, so the objects must not serve another one.</returns>
    public bool TryReset()
    {
        Outgoing.End();
        Attempt.Clear();
        Received.Clear();
        return Deadlines.TryReset() && !Waits.HasExpired;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Deadlines.Dispose();
        Waits.Dispose();
    }
}
