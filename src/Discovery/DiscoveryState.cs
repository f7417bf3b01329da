using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Turnpike.Compiler;
using Turnpike.Compiler.Hosts;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>The outcome of one compilation of the cluster.</summary>
/// <param name="Sequence">The number of the compilation in this process, from 1. Numbers of failed compilations are missing.</param>
/// <param name="Diagnostics">The diagnostics of reading the objects and of compiling them.</param>
/// <param name="Rules">The metadata of the newest version of every RouteRule that was read, valid or not.</param>
/// <param name="Resources">The table of the ingress in parts, as proxies get it.</param>
public sealed record DiscoveryState(
    long Sequence,
    ClusterSnapshot Snapshot,
    ImmutableArray<ObjectMeta> Rules,
    RouteTable Table,
    TableResources Resources,
    ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>The conditions that the RouteRules carry, as JSON text, by the uid of the rule.</summary>
    public ImmutableDictionary<string, string> RuleConditions { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// Returns the resources that the proxies of an audience get. Only the table of the ingress holds certificates and their keys, and no
    /// other audience gets a part of it. The table of a sidecar is empty.
    /// </summary>
    public TableResources ResourcesOf(TableAudience audience) =>
        audience == TableAudience.OfIngress(Snapshot.Profile) ? Resources : EmptyTable;

    private static TableResources EmptyTable { get; } = TableResources.Of(RouteTable.Empty);

    /// <summary>The owners of the hosts in this state.</summary>
    public HostOwners Hosts { get => field ??= HostOwners.Of(Snapshot); init; }
}

/// <summary>Holds the current state, and wakes the callers that wait for the next one.</summary>
public sealed class DiscoveryStates
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile DiscoveryState? _current;
    private volatile bool _isRead;

    /// <summary>The newest state; null before the first compilation that succeeded.</summary>
    public DiscoveryState? Current => _current;

    /// <summary>
    /// Whether the cluster has been read and a compilation has been tried. The webhooks respond from then on: an object on which the
    /// compiler fails must not block admission, since it can only be replaced through admission.
    /// </summary>
    public bool IsRead => _isRead;

    public void ClusterIsRead() => _isRead = true;

    public void Publish(DiscoveryState state)
    {
        _current = state;
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Returns a state newer than <paramref name="sequence"/>, at once or as soon as there is one.</summary>
    public async Task<DiscoveryState> NewerThanAsync(long sequence, CancellationToken ct)
    {
        while (true)
        {
            // The signal is taken before the state is read, so that a state that is published in between completes it.
            var next = _next.Task;
            if (_current is { } current && current.Sequence > sequence)
                return current;
            await next.WaitAsync(ct);
        }
    }

    /// <summary>
    /// Returns the current state, and then each newer one. When several are published while the caller is busy, it gets only the newest.
    /// The sequence ends without an exception when it is cancelled.
    /// </summary>
    public async IAsyncEnumerable<DiscoveryState> Follow([EnumeratorCancellation] CancellationToken ct)
    {
        for (var sequence = 0L; ;)
        {
            DiscoveryState state;
            try
            {
                state = await NewerThanAsync(sequence, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                yield break;
            }
            sequence = state.Sequence;
            yield return state;
        }
    }
}
