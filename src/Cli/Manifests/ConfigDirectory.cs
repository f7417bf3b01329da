using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Cli.Manifests;

/// <summary>
/// A directory of manifests that takes the place of a cluster. It holds the objects of the last <see cref="Load"/>, and for an object that
/// is
/// invalid now its last good version. It is not thread-safe.
/// </summary>
internal sealed class ConfigDirectory(string path, string defaultNamespace, Profile profile)
{
    private readonly ObjectStore _store = new(profile);
    private readonly Dictionary<string, LoadedFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, Manifest> _applied = [];

    /// <summary>The port of redirects to HTTPS, unless the mesh settings name one.</summary>
    public int HttpsPort { get; set; } = 443;

    /// <summary>Opens the directory that a command line names.</summary>
    /// <exception cref="CommandException">The directory does not exist.</exception>
    public static ConfigDirectory Open(string path, string defaultNamespace, Profile profile) => Directory.Exists(path)
        ? new ConfigDirectory(path, defaultNamespace, profile)
        : throw new CommandException($"--config-dir: there is no directory \"{path}\"");

    /// <summary>Reads the files that have changed since the last call, and compiles.</summary>
    /// <exception cref="DirectoryNotFoundException">The directory does not exist.</exception>
    public LoadedConfig Load()
    {
        var problems = new List<string>();
        ReadFiles(problems);
        ApplyObjects(problems);
        var (snapshot, invalid) = _store.Snapshot();
        snapshot = snapshot with { DefaultEndpointAddresses = EndpointAddresses.Any, DefaultHttpsRedirectPort = HttpsPort };
        var compilation = RouteCompiler.Compile(snapshot);
        var diagnostics = invalid.AddRange(compilation.Diagnostics);
        problems.AddRange(diagnostics.Select(Describe));
        if (compilation.Table.VirtualHostCount == 0)
            problems.Add($"warning: nothing to serve: no Ingress of class {snapshot.Mesh.IngressClass} in {path} (found: {FoundObjects.Describe(_files.Values.SelectMany(f => f.Objects), path)})");
        return new LoadedConfig(RouteTableJson.WithVersion(compilation.Table), snapshot, diagnostics, [.. problems]);
    }

    private void ReadFiles(List<string> problems)
    {
        var names = ManifestFiles.Of(path).Select(f => Path.GetFileName(f)).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _files.Keys.Where(f => !names.Contains(f)).ToList())
            _files.Remove(gone);
        foreach (var name in names)
        {
            var file = Path.Combine(path, name);
            var stamp = Stamp.Of(file);
            if (!_files.TryGetValue(name, out var loaded) || loaded.Stamp != stamp)
            {
                var manifests = ManifestReader.ReadFound(file, name, defaultNamespace);
                var errors = manifests.Where(m => m.Error is not null).ToList();
                // A file with a syntax error may lack objects that it was meant to hold, so its last good version stays.
                var objects = errors.Count > 0 && loaded is not null ? loaded.Objects : [.. manifests.Where(m => m.Error is null)];
                _files[name] = loaded = new LoadedFile(stamp, objects, [.. errors]);
            }
        }
        foreach (var error in _files.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => f.Value.Errors))
            problems.Add($"error: {error.Describe()}: {error.Error}");
    }

    private void ApplyObjects(List<string> problems)
    {
        var current = new Dictionary<ObjectKey, Manifest>();
        foreach (var manifest in _files.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => f.Value.Objects))
        {
            if (!ObjectStore.Reads(manifest.Root!))
            {
                KeepWhatWasMeant(manifest, current, problems);
                continue;
            }
            if (!current.TryAdd(manifest.Key!.Value, manifest))
                problems.Add($"error: {manifest.Describe()}: ignored, because {current[manifest.Key.Value].Location} already defines it");
        }
        foreach (var (key, manifest) in current)
        {
            if (!_applied.TryGetValue(key, out var applied) || !ReferenceEquals(applied.Root, manifest.Root))
                _store.Put(key, ReadObject.From(manifest.Root!, profile));
            _applied[key] = manifest;
        }
        foreach (var gone in _applied.Keys.Where(k => !current.ContainsKey(k)).ToList())
        {
            _applied.Remove(gone);
            _store.Remove(gone);
        }
    }

    /// <summary>
    /// Keeps the last good version of an object whose kind is now misspelt, as for any other error. Otherwise it would be missing under its
    /// old kind.
    /// </summary>
    private void KeepWhatWasMeant(Manifest manifest, Dictionary<ObjectKey, Manifest> current, List<string> problems)
    {
        if (KindSpelling.DoubtOf(manifest.Root!) is not { } doubt)
            return;
        var key = manifest.Key!.Value with { Kind = doubt.Kind ?? "" };
        var kept = "";
        // An object of an unknown kind was given a namespace, although the kind that was meant may be cluster-scoped.
        foreach (var meant in (ObjectKey[])[key, key with { Namespace = "" }])
        {
            if (_applied.TryGetValue(meant, out var before) && before.Location.File == manifest.Location.File && current.TryAdd(meant, before))
                kept = $" (the previous {meant} stays in effect)";
        }
        problems.Add($"{(doubt.IsError || kept.Length > 0 ? "error" : "warning")}: {manifest.Describe()}: {doubt.Message}{kept}");
    }

    private string Describe(Diagnostic diagnostic)
    {
        var severity = diagnostic.Severity == DiagnosticSeverity.Error ? "error" : "warning";
        var where = _applied.TryGetValue(diagnostic.Subject, out var manifest) ? manifest.Describe() : diagnostic.Subject.ToString();
        var reason = diagnostic.Reason == DiagnosticReasons.Invalid ? "" : $"{diagnostic.Reason}: ";
        return $"{severity}: {where}: {reason}{diagnostic.AdminMessage ?? diagnostic.Message}";
    }

    private sealed record LoadedFile(Stamp Stamp, ImmutableArray<Manifest> Objects, ImmutableArray<Manifest> Errors);

    /// <summary>Shows whether a file may have changed, without reading it.</summary>
    private readonly record struct Stamp(DateTime Written, long Length, string? Target)
    {
        public static Stamp Of(string file)
        {
            try
            {
                var info = new FileInfo(file);
                // When a mounted ConfigMap changes, the targets of its links change and not the links.
                var target = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
                var actual = target ?? info;
                return actual.Exists ? new Stamp(actual.LastWriteTimeUtc, actual.Length, target?.FullName) : default;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The file may be a link to itself, for example. The error is reported when it is read.
                return default;
            }
        }
    }
}

/// <summary>The result of one load.</summary>
/// <param name="Table">The compiled table.</param>
/// <param name="Snapshot">The objects that it was compiled from.</param>
/// <param name="Diagnostics">The findings of validation and compilation.</param>
/// <param name="Problems">One line for each problem, with file, document and field: first files that cannot be read, then single
/// objects.</param>
internal sealed record LoadedConfig(
    Routing.RouteTable Table, ClusterSnapshot Snapshot, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<string> Problems)
{
    public bool HasErrors => Problems.Any(p => p.StartsWith("error: ", StringComparison.Ordinal));
}
