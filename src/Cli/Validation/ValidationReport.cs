using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Cli.Manifests;
using Turnpike.Compiler;
using Turnpike.Reading;

namespace Turnpike.Cli.Validation;

/// <summary>One error or warning.</summary>
/// <param name="Manifest">The manifest that it concerns.</param>
/// <param name="IsError">Whether it is an error; otherwise it is a warning.</param>
/// <param name="Reason">One of <see cref="DiagnosticReasons"/>; null if the reader of the object found it.</param>
/// <param name="Message">The message.</param>
internal sealed record Finding(Manifest Manifest, bool IsError, string? Reason, string Message);

/// <summary>The result of checking a set of manifests.</summary>
/// <param name="Valid">The number of valid objects.</param>
/// <param name="Invalid">The number of invalid objects.</param>
/// <param name="Findings">The findings in the order of the manifests: first those of single objects, then those of the whole set.</param>
/// <param name="Skipped">The objects that are not checked, each with the reason.</param>
internal sealed record ValidationReport(
    int Valid, int Invalid, ImmutableArray<Finding> Findings, ImmutableArray<(Manifest Manifest, string Why)> Skipped)
{
    public int Warnings => Findings.Count(f => !f.IsError);

    public static ValidationReport Of(IReadOnlyList<Manifest> manifests, Profile profile)
    {
        var findings = new List<Finding>();
        var skipped = new List<(Manifest, string)>();
        var checkedOnes = new Dictionary<ObjectKey, Manifest>();
        var store = new ObjectStore(profile);
        var others = new HashSet<ObjectKey>();
        int valid = 0, invalid = 0;
        foreach (var manifest in manifests)
        {
            if (manifest.Error is { } fault)
            {
                invalid++;
                findings.Add(new(manifest, true, null, fault));
            }
            else if (ObjectStore.Reads(manifest.Root!))
            {
                var key = manifest.Key!.Value;
                if (!checkedOnes.TryAdd(key, manifest))
                {
                    var message = $"is already defined in {checkedOnes[key].Location}: the one that is applied last counts";
                    findings.Add(new(manifest, false, null, message));
                }
                else
                {
                    store.Put(key, ReadObject.From(manifest.Root!, profile));
                }
            }
            else if (KindSpelling.DoubtOf(manifest.Root!) is { } doubt)
            {
                findings.Add(new(manifest, doubt.IsError, null, doubt.Message));
                if (doubt.IsError)
                    invalid++;
                else
                    skipped.Add((manifest, "its kind is not known"));
            }
            else
            {
                skipped.Add((manifest, "its kind does not affect routing"));
            }
        }
        var (snapshot, _) = store.Snapshot();
        foreach (var (key, manifest) in checkedOnes)
        {
            if (OtherClass(manifest, snapshot) is { } name)
            {
                others.Add(key);
                skipped.Add((manifest, $"it is of class \"{name}\""));
                continue;
            }
            var read = ReadObject.From(manifest.Root!, profile);
            var older = (string?)null;
            var clash = key.Kind == Kinds.Ingress ? IngressClasses.Clash(IngressReader.ReadClass(manifest.Root!), out older) : null;
            IReadOnlyList<FieldError> errors = clash is null ? read.Errors : [.. read.Errors, clash];
            findings.AddRange(errors.Select(error => new Finding(manifest, true, null, error.ToString())));
            IReadOnlyList<string> warnings = older is null ? read.Warnings : [.. read.Warnings, older];
            findings.AddRange(warnings.Select(warning => new Finding(manifest, false, null, warning)));
            if (errors.Count == 0)
                valid++;
            else
                invalid++;
        }
        var known = new KnownNeighbours(snapshot);
        var diagnosis = RouteCompiler.Diagnose(snapshot with { DefaultEndpointAddresses = EndpointAddressesOfFiles });
        findings.AddRange(diagnosis.Diagnostics
            .Where(diagnostic => known.CanJudge(diagnostic) && checkedOnes.ContainsKey(diagnostic.Subject) && !others.Contains(diagnostic.Subject))
            .Select(diagnostic => new Finding(
                checkedOnes[diagnostic.Subject],
                diagnostic.Severity == DiagnosticSeverity.Error,
                diagnostic.Reason,
                diagnostic.AdminMessage ?? diagnostic.Message)));
        // An object that is valid by itself but left out because of the others counts as invalid too.
        var broken = findings.Where(f => f is { IsError: true, Reason: null }).Select(f => f.Manifest).ToHashSet();
        var leftOut = findings
            .Where(f => f is { IsError: true, Reason: not null } && !broken.Contains(f.Manifest))
            .Select(f => f.Manifest).Distinct().Count();
        return new ValidationReport(valid - leftOut, invalid + leftOut, [.. findings], [.. skipped]);
    }

    /// <summary>Accepts every address, because files hold no pods that addresses could belong to.</summary>
    private const Api.Mesh.EndpointAddresses EndpointAddressesOfFiles = Api.Mesh.EndpointAddresses.Any;

    /// <summary>
    /// Returns the class of an Ingress of another controller; null for any other object. An Ingress without a class is checked: the cluster
    /// decides
    /// which controller serves it, and the class was probably forgotten.
    /// </summary>
    private static string? OtherClass(Manifest manifest, ClusterSnapshot snapshot)
    {
        if (manifest.Key!.Value.Kind != Kinds.Ingress)
            return null;
        var ingress = IngressReader.ReadClass(manifest.Root!);
        return FoundObjects.ClassOf(ingress) is { } name && !IngressClasses.IsOurs(ingress, snapshot.Mesh, snapshot.IngressClasses) ? name : null;
    }
}
