using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Discovery;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;

namespace Turnpike.Operator.Status;

/// <summary>
/// Tells what is wrong with an Ingress, a RouteRule or the endpoints of a Service as an Event on it, once when it comes up: an Ingress has no
/// conditions, and <c>kubectl describe</c> is where people look. An Event says what its namespace may know; the log has the rest.
/// </summary>
internal sealed class DiagnosticEvents(KubeApi api, DiscoveryStates states, OperatorOptions options, ILoggerFactory loggers, TimeProvider clock) : ILeaderTask
{
    private const string Action = "Compile";

    // Objects of one apply come one after the other: that the rule is there before its service is nothing to tell.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, ResourceRef> Resources = new(StringComparer.Ordinal)
    {
        [Kinds.Ingress] = new("networking.k8s.io", "v1", "ingresses", Kinds.Ingress),
        [Kinds.Service] = new("", "v1", "services", Kinds.Service),
        [Kinds.RouteRule] = new(Names.Group, Names.Version, "routerules", Kinds.RouteRule),
    };

    private readonly ILogger _log = loggers.CreateLogger<DiagnosticEvents>();
    private readonly EventPublisher _events = new(api, "turnpike.io/operator", options.PodName, loggers.CreateLogger<EventPublisher>(), clock);

    public async Task RunAsync(CancellationToken term)
    {
        var (told, last) = (new HashSet<(string Uid, string Message)>(), 0L);
        try
        {
            await foreach (var news in states.Follow(term))
            {
                // What came while the state before was waited for has been told with it.
                if (news.Sequence <= last)
                    continue;
                await Task.Delay(Patience, clock, term);
                var state = states.Current!;
                last = state.Sequence;
                told = await TellAsync(state, told, term);
            }
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            // The term is over.
        }
    }

    private async Task<HashSet<(string Uid, string Message)>> TellAsync(DiscoveryState state, HashSet<(string Uid, string Message)> told, CancellationToken ct)
    {
        var uids = state.Rules.Select(r => (Kind: Kinds.RouteRule, Object: r))
            .Concat(state.Snapshot.Ingresses.Select(i => (Kind: Kinds.Ingress, Object: i.Metadata)))
            .Concat(state.Snapshot.Services.Select(s => (Kind: Kinds.Service, Object: s.Metadata)))
            .ToDictionary(o => (o.Kind, o.Object.Namespace, o.Object.Name), o => o.Object.Uid);
        var now = new HashSet<(string Uid, string Message)>();
        foreach (var diagnostic in state.Diagnostics)
        {
            var subject = diagnostic.Subject;
            if (!uids.TryGetValue((subject.Kind, subject.Namespace, subject.Name), out var uid) || !now.Add((uid, diagnostic.Message)) || told.Contains((uid, diagnostic.Message)))
                continue;
            var about = new EventSubject(Resources[subject.Kind], new NamespacedName(subject.Namespace, subject.Name), uid);
            if (diagnostic.AdminMessage is { } full)
                _log.BeyondItsNamespace(subject.ToString(), diagnostic.Reason, full);
            await _events.PublishAsync(about, EventSeverity.Warning, diagnostic.Reason, Action, diagnostic.Message, ct);
        }
        return now;
    }
}
