using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Discovery;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;

namespace Turnpike.Operator.Status;

/// <summary>
/// Publishes each new diagnostic of an Ingress, a RouteRule or the endpoints of a Service as an Event on the object, because an Ingress has
/// no conditions and <c>kubectl describe</c> shows Events. An Event says only what the object's namespace may know; the log has the rest.
/// </summary>
internal sealed class DiagnosticEvents(
    KubeApi api, DiscoveryStates states, OperatorOptions options, ILoggerFactory loggers, TimeProvider clock) : ILeaderTask
{
    private const string Action = "Compile";

    // Objects of one `kubectl apply` arrive one after the other. A rule that arrives before its service is no reason for an Event.
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, ResourceRef> Resources = new(StringComparer.Ordinal)
    {
        [Kinds.Ingress] = KnownResources.Ingresses,
        [Kinds.Service] = KnownResources.Services,
        [Kinds.RouteRule] = CustomResources.RouteRules,
    };

    private readonly ILogger _log = loggers.CreateLogger<DiagnosticEvents>();
    private readonly EventPublisher _events =
        new(api, Names.EventSource, options.PodName, loggers.CreateLogger<EventPublisher>(), clock);

    public async Task RunAsync(CancellationToken term)
    {
        var (published, last) = (new HashSet<(string Uid, string Message)>(), 0L);
        try
        {
            await foreach (var news in states.Follow(term))
            {
                // Changes that arrived during the last delay have been published with it.
                if (news.Sequence <= last)
                    continue;
                await Task.Delay(SettleTime, clock, term);
                var state = states.Current!;
                last = state.Sequence;
                published = await PublishAsync(state, published, term);
            }
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            // The term has ended.
        }
    }

    private async Task<HashSet<(string Uid, string Message)>> PublishAsync(
        DiscoveryState state, HashSet<(string Uid, string Message)> published, CancellationToken ct)
    {
        var uids = state.Rules.Select(r => (Kind: Kinds.RouteRule, Object: r))
            .Concat(state.Snapshot.Ingresses.Select(i => (Kind: Kinds.Ingress, Object: i.Metadata)))
            .Concat(state.Snapshot.Services.Select(s => (Kind: Kinds.Service, Object: s.Metadata)))
            .ToDictionary(o => (o.Kind, o.Object.Namespace, o.Object.Name), o => o.Object.Uid);
        var now = new HashSet<(string Uid, string Message)>();
        foreach (var diagnostic in state.Diagnostics)
        {
            var subject = diagnostic.Subject;
            if (!uids.TryGetValue((subject.Kind, subject.Namespace, subject.Name), out var uid))
                continue;
            if (!now.Add((uid, diagnostic.Message)) || published.Contains((uid, diagnostic.Message)))
                continue;
            var about = new EventSubject(Resources[subject.Kind], new NamespacedName(subject.Namespace, subject.Name), uid);
            if (diagnostic.AdminMessage is { } full)
                _log.BeyondItsNamespace(subject.ToString(), diagnostic.Reason, full);
            await _events.PublishAsync(about, EventSeverity.Warning, diagnostic.Reason, Action, diagnostic.Message, ct);
        }
        return now;
    }
}
