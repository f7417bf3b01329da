using System.Collections.Immutable;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Compiler.FrontEnds.Ingress;

namespace Turnpike.Compiler;

/// <summary>The Secrets whose certificates verify the backends of Ingresses.</summary>
public sealed class BackendAuthorities
{
    /// <summary>
    /// The number of Secrets that the Ingresses of one namespace may name. It is limited because each is watched by itself.
    /// </summary>
    public const int MaxPerNamespace = 32;

    private readonly ImmutableHashSet<string> _named;
    private readonly ImmutableHashSet<string>? _lookedFor;
    private readonly Dictionary<string, AuthorityObject> _byName;

    internal BackendAuthorities(ClusterSnapshot snapshot)
    {
        _named = Named(snapshot);
        _lookedFor = snapshot.AuthoritiesLookedFor;
        _byName = snapshot.Authorities.ToDictionary(a => a.Metadata.ToString(), StringComparer.Ordinal);
    }

    /// <summary>
    /// Returns the <c>namespace/name</c> of each Secret that Ingresses of our class name. If a namespace names too many, the first by name
    /// are taken.
    /// </summary>
    public static ImmutableHashSet<string> Named(ClusterSnapshot snapshot) =>
    [
        .. snapshot.Ingresses
            .Where(i => i.Metadata.Annotations.ContainsKey(Api.Names.BackendCaAnnotation) && IngressRequests.IsOurs(i, snapshot))
            .Select(i => (i.Metadata.Namespace, Secret: BackendSettings.Of(i).AuthoritySecret!))
            .Distinct()
            .GroupBy(n => n.Namespace, StringComparer.Ordinal)
            .SelectMany(g => g.OrderBy(n => n.Secret, StringComparer.Ordinal).Take(MaxPerNamespace))
            .Select(n => $"{n.Namespace}/{n.Secret}"),
    ];

    /// <summary>Returns the certificates of a Secret as PEM; empty when it has none that can be used.</summary>
    /// <param name="secret">The <c>namespace/name</c> of the Secret.</param>
    internal string PemOf(string secret) => _named.Contains(secret) && _byName.TryGetValue(secret, out var found) ? found.Pem : "";

    /// <summary>Returns the severity, reason and text of a diagnostic about a Secret; null when the Secret can be used.</summary>
    internal (DiagnosticSeverity Severity, string Reason, string Text)? Problem(string ns, string name)
    {
        var secret = $"{ns}/{name}";
        if (!_named.Contains(secret))
            return (DiagnosticSeverity.Error, DiagnosticReasons.LimitExceeded, $"the Ingresses of namespace {ns} name more than {MaxPerNamespace} different Secrets here, and \"{name}\" is beyond them");
        if (_byName.TryGetValue(secret, out var found))
        {
            return found.Fault is null ? null
                : found.Pem.Length > 0 ? (DiagnosticSeverity.Warning, DiagnosticReasons.Invalid, $"Secret \"{name}\" has no usable certificate any more ({found.Fault}), its last good version stays in force")
                : (DiagnosticSeverity.Error, DiagnosticReasons.SecretNotFound, $"Secret \"{name}\" has no usable certificate ({found.Fault})");
        }
        return _lookedFor?.Contains(secret) == false
            ? (DiagnosticSeverity.Warning, DiagnosticReasons.SecretNotRead, $"Secret \"{name}\" is not read yet")
            : (DiagnosticSeverity.Error, DiagnosticReasons.SecretNotFound, $"namespace {ns} has no Secret \"{name}\"");
    }
}
