using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Turnpike.Compiler;
using Turnpike.Compiler.Hosts;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>What was made of the cluster at one moment.</summary>
/// <param name="Sequence">Counts compilations in this process, from 1.</param>
/// <param name="Diagnostics">Of reading and of compiling.</param>
/// <param name="Rules">The newest version of every RouteRule that went in, valid or not.</param>
/// <param name="Resources">The table in parts, for proxies.</param>
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
    /// Returns what the proxies of an audience are given. Certificates and their keys are in the table of the ingress alone, and no
    /// other audience is given a part of it. The table of a sidecar is empty.
    /// </summary>
    public TableResources ResourcesOf(TableAudience audience) =>
        audience == TableAudience.OfIngress(Snapshot.Profile) ? Resources : EmptyTable;

    private static TableResources EmptyTable { get; } = TableResources.Of(RouteTable.Empty);

    /// <summary>Whose each host is in this state.</summary>
    public HostOwners Hosts { get => field ??= HostOwners.Of(Snapshot); init; }
}

/// <summary>Holds the current state, and wakes those who wait for the next one.</summary>
public sealed class DiscoveryStates
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile DiscoveryState? _current;
    private volatile bool _isRead;

    /// <summary>Null before the first compilation that succeeded.</summary>
    public DiscoveryState? Current => _current;

    /// <summary>
    /// Whether the cluster has been read and a table has been tried. The webhooks can be asked from then on: an object that the
    /// compiler stumbles over must not keep admission away, since it can only be replaced through admission.
    /// </summary>
    public bool IsRead => _isRead;

    public void ClusterIsRead() => _isRead = true;

    public void Publish(DiscoveryState state)
    {
        _current = state;
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>A state newer than <paramref name="sequence"/>, at once or when there is one.</summary>
    public async Task<DiscoveryState> NewerThanAsync(long sequence, CancellationToken ct)
    {
        while (true)
        {
            // Taken first: a state that is published in between completes it.
            var next = _next.Task;
            if (_current is { } current && current.Sequence > sequence)
                return current;
            await next.WaitAsync(ct);
        }
    }

    /// <summary>
    /// The current state, and then each newer one; of those that are published while the caller is busy, the newest. Ends when cancelled,
    /// without an exception.
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
