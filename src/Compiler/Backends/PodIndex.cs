using System.Collections.Immutable;
using Turnpike.Api.Core;

namespace Turnpike.Compiler.Backends;

/// <summary>
/// The pods by name and by address. An endpoint that does not name its pod is found by its address. The index is updated from snapshot to
/// snapshot. Not thread-safe.
/// </summary>
internal sealed class PodIndex
{
    private readonly Dictionary<(string Namespace, string Name), PodObject> _byName = [];

    /// <summary>The pods that have an address, in the order of their names.</summary>
    private readonly Dictionary<(string Namespace, string Ip), ImmutableArray<PodObject>> _byIp = [];

    /// <summary>The number of pods that have an address, which is in the form of <see cref="EndpointPolicy.Canonical"/>.</summary>
    private readonly Dictionary<(string Namespace, string Ip), int> _addresses = [];
    private ImmutableArray<PodObject> _pods = [];

    /// <summary>Whether pods have been looked up. Until then the index is not filled.</summary>
    public bool IsUsed { get; set; }

    /// <summary>Returns true when a pod of the namespace has an address.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="ip">The address in the form of <see cref="EndpointPolicy.Canonical"/>.</param>
    public bool Has(string ns, string ip) => _addresses.ContainsKey((ns, ip));

    /// <summary>Returns true when the pod of an endpoint carries the labels.</summary>
    public bool Carries(string ns, EndpointAddress address, ImmutableSortedDictionary<string, string> labels)
    {
        var pod = address.PodName is { } name ? _byName.GetValueOrDefault((ns, name))
            : _byIp.TryGetValue((ns, address.Ip), out var pods) ? pods[0] : null;
        return pod is not null && Labels.Contain(pod.Metadata.Labels, labels);
    }

    /// <summary>
    /// Replaces the pods, and returns those that differ, by namespace. A pod whose addresses and labels are the same does not differ.
    /// </summary>
    public Dictionary<string, ChangedPods> Update(ImmutableArray<PodObject> pods)
    {
        var changed = new Dictionary<string, ChangedPods>(StringComparer.Ordinal);
        if (pods == _pods)
            return changed;
        var (removed, added) = Differences(_pods, pods);
        foreach (var pod in removed)
            Remove(pod);
        foreach (var pod in added)
            Add(pod);
        _pods = pods;
        var before = removed.ToDictionary(KeyOf);
        foreach (var pod in added)
        {
            if (before.TryGetValue(KeyOf(pod), out var old) && LooksLike(old, pod))
                before.Remove(KeyOf(pod));
            else
                Note(pod);
        }
        foreach (var pod in before.Values)
            Note(pod);
        return changed;

        void Note(PodObject pod)
        {
            if (!changed.TryGetValue(pod.Metadata.Namespace, out var of))
                changed.Add(pod.Metadata.Namespace, of = new ChangedPods());
            of.Add(pod);
        }
    }

    /// <summary>
    /// Compares two arrays that are in the order of names. Pods that are the same object in both are skipped. If an array were in another
    /// order, more pods would count as different, but none would be missed.
    /// </summary>
    private static (List<PodObject> Removed, List<PodObject> Added) Differences(
        ImmutableArray<PodObject> left, ImmutableArray<PodObject> right)
    {
        var (removed, added) = (new List<PodObject>(), new List<PodObject>());
        var (i, j) = (0, 0);
        while (i < left.Length && j < right.Length)
        {
            if (ReferenceEquals(left[i], right[j]))
            {
                i++;
                j++;
                continue;
            }
            var order = KeyOf(left[i]).CompareTo(KeyOf(right[j]));
            if (order <= 0)
                removed.Add(left[i++]);
            if (order >= 0)
                added.Add(right[j++]);
        }
        while (i < left.Length)
            removed.Add(left[i++]);
        while (j < right.Length)
            added.Add(right[j++]);
        return (removed, added);
    }

    private void Add(PodObject pod)
    {
        var ns = pod.Metadata.Namespace;
        _byName[(ns, pod.Metadata.Name)] = pod;
        foreach (var ip in pod.Ips)
        {
            var others = _byIp.GetValueOrDefault((ns, ip), []);
            _byIp[(ns, ip)] = [.. others.Add(pod).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal)];
            if (EndpointPolicy.Canonical(ip) is { } address)
                _addresses[(ns, address)] = _addresses.GetValueOrDefault((ns, address)) + 1;
        }
    }

    private void Remove(PodObject pod)
    {
        var ns = pod.Metadata.Namespace;
        if (_byName.GetValueOrDefault((ns, pod.Metadata.Name)) == pod)
            _byName.Remove((ns, pod.Metadata.Name));
        foreach (var ip in pod.Ips)
        {
            var left = _byIp[(ns, ip)].Remove(pod, ReferenceEqualityComparer.Instance);
            if (left.IsEmpty)
                _byIp.Remove((ns, ip));
            else
                _byIp[(ns, ip)] = left;
            if (EndpointPolicy.Canonical(ip) is not { } address)
                continue;
            if (_addresses[(ns, address)] > 1)
                _addresses[(ns, address)]--;
            else
                _addresses.Remove((ns, address));
        }
    }

    private static PodName KeyOf(PodObject pod) => new(pod.Metadata.Namespace, pod.Metadata.Name);

    private static bool LooksLike(PodObject old, PodObject pod) =>
        old.Ips.SequenceEqual(pod.Ips) && old.Metadata.Labels.SequenceEqual(pod.Metadata.Labels);

    private readonly record struct PodName(string Namespace, string Name) : IComparable<PodName>
    {
        public int CompareTo(PodName other)
        {
            var order = string.CompareOrdinal(Namespace, other.Namespace);
            return order != 0 ? order : string.CompareOrdinal(Name, other.Name);
        }
    }
}

/// <summary>The names and addresses of pods that have come, gone or changed.</summary>
internal sealed class ChangedPods
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ips = new(StringComparer.Ordinal);

    public void Add(PodObject pod)
    {
        _names.Add(pod.Metadata.Name);
        foreach (var ip in pod.Ips)
        {
            _ips.Add(ip);
            if (EndpointPolicy.Canonical(ip) is { } address)
                _ips.Add(address);
        }
    }

    /// <summary>Returns true when an endpoint may belong to one of these pods.</summary>
    public bool Concern(EndpointAddress address) =>
        (address.PodName is { } name && _names.Contains(name))
        || _ips.Contains(address.Ip)
        // Only IPv6 addresses have several spellings.
        || (address.Ip.Contains(':', StringComparison.Ordinal) && EndpointPolicy.Canonical(address.Ip) is { } ip && _ips.Contains(ip));
}
