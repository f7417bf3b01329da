using System.Collections.Immutable;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Model;

/// <summary>
/// The hosts, paths and certificates that one object asks for, whatever its kind. Hosts are in lower case; an empty one stands for any
/// host. Conflicts are decided for the requests of all objects at once (<see cref="Hosts.HostOwners"/>).
/// </summary>
public sealed record HostRequest
{
    public required ObjectKey Subject { get; init; }

    /// <summary>The time at which the object was created, by which older objects take precedence; null for objects from files.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Whether the object is served. An object that is not valid keeps its hosts, and gets nothing else.</summary>
    public bool IsServed { get; init; } = true;

    /// <summary>Every host that the object names.</summary>
    public ImmutableArray<NamedHost> Hosts { get; init; } = [];

    /// <summary>The fields that ask for requests of any host.</summary>
    public ImmutableArray<string> AnyHostFields { get; init; } = [];

    /// <summary>
    /// The namespaces that the object shares its hosts with, as its annotation lists them; null when it has no such annotation.
    /// </summary>
    public string? SharedWith { get; init; }

    public ImmutableArray<HostPath> Paths { get; init; } = [];

    public ImmutableArray<CertificateRequest> Certificates { get; init; } = [];

    /// <summary>
    /// Orders requests by age, the oldest first. Requests of the same age or without one are ordered by namespace, name and kind.
    /// </summary>
    /// <param name="requests">The requests, each once.</param>
    /// <param name="before">
    /// Requests that are already in this order. Most of the requests are among them and need not be sorted again.
    /// </param>
    internal static ImmutableArray<HostRequest> ByAge(IEnumerable<HostRequest> requests, ImmutableArray<HostRequest> before)
    {
        var left = new HashSet<HostRequest>(requests, ReferenceEqualityComparer.Instance);
        var sorted = ImmutableArray.CreateBuilder<HostRequest>(left.Count);
        var kept = before.RemoveAll(r => !left.Remove(r));
        var at = 0;
        foreach (var added in left.Order(AgeOrder.Instance))
        {
            var place = kept.AsSpan()[at..].BinarySearch(added, AgeOrder.Instance);
            var to = at + (place < 0 ? ~place : place);
            sorted.AddRange(kept.AsSpan()[at..to]);
            sorted.Add(added);
            at = to;
        }
        sorted.AddRange(kept.AsSpan()[at..]);
        return sorted.DrainToImmutable();
    }

    private sealed class AgeOrder : IComparer<HostRequest>
    {
        public static AgeOrder Instance { get; } = new();

        public int Compare(HostRequest? x, HostRequest? y)
        {
            var order = (x!.Created ?? DateTimeOffset.MaxValue).CompareTo(y!.Created ?? DateTimeOffset.MaxValue);
            if (order == 0)
                order = string.CompareOrdinal(x.Subject.Namespace, y.Subject.Namespace);
            if (order == 0)
                order = string.CompareOrdinal(x.Subject.Name, y.Subject.Name);
            return order != 0 ? order : string.CompareOrdinal(x.Subject.Kind, y.Subject.Kind);
        }
    }
}

/// <param name="Host">The host.</param>
/// <param name="Field">The path of the field that names it.</param>
public readonly record struct NamedHost(string Host, string Field);

/// <param name="Host">The host.</param>
/// <param name="Path">A path of the host.</param>
public readonly record struct HostPath(string Host, PathMatch Path);

/// <param name="Field">The path of the field that asks for the certificate.</param>
/// <param name="SecretField">The path of the field that names the Secret.</param>
/// <param name="Secret">The name of a Secret of the object's namespace; null or empty where the object names none.</param>
/// <param name="Hosts">The server names; empty for every name that has no certificate.</param>
public sealed record CertificateRequest(string Field, string SecretField, string? Secret, ImmutableArray<string> Hosts);
