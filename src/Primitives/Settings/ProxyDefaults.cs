namespace Turnpike.Primitives;

/// <summary>What is in force where a setting is left at its default. Each is stated here and nowhere else.</summary>
public static class ProxyDefaults
{
    /// <summary>Total response time where neither a rule nor the mesh sets one.</summary>
    public static TimeSpan RequestTimeout { get; } = TimeSpan.FromSeconds(15);

    /// <summary>For a connection to an endpoint.</summary>
    public static TimeSpan ConnectTimeout { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client may neither send nor take what there is of a body.</summary>
    public static TimeSpan BodyIdleTimeout { get; } = TimeSpan.FromSeconds(60);

    /// <summary>How long requests in flight may take after the proxy was told to stop.</summary>
    public static TimeSpan DrainDuration { get; } = TimeSpan.FromSeconds(45);
}

/// <summary>
/// How much one proxy asks of one cluster at a time, so that a service which hangs keeps no more than that of the proxy busy.
/// The defaults are those of 2017 (istio-2017.md §3.5).
/// </summary>
public sealed record CircuitLimits
{
    public static LimitSetting Unlimited => LimitSetting.Unlimited;

    public static CircuitLimits Default { get; } = new();

    /// <summary>To HTTP/1.1 endpoints, where each request in flight has a connection of its own; WebSockets too. 1024 by default.</summary>
    public LimitSetting Connections { get; init; }

    /// <summary>Requests that wait for one of those connections. 1024 by default.</summary>
    public LimitSetting PendingRequests { get; init; }

    /// <summary>In flight to HTTP/2 endpoints. 1024 by default.</summary>
    public LimitSetting Requests { get; init; }

    /// <summary>Requests that are being tried again. 3 by default.</summary>
    public LimitSetting Retries { get; init; }

    /// <summary>The numbers in force; <see cref="int.MaxValue"/> for unlimited.</summary>
    public (int Connections, int PendingRequests, int Requests, int Retries) Effective() =>
        (Connections.Or(1024), PendingRequests.Or(1024), Requests.Or(1024), Retries.Or(3));
}
