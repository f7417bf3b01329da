using Turnpike.Api;
using Turnpike.Injector;
using Turnpike.Injector.Config;
using Turnpike.Injector.Text;
using Turnpike.Reading;

namespace Turnpike.Cli.Injection;

/// <summary>
/// Runs <c>turnpike kube-inject</c>. All errors are reported at once, and if there is one nothing is written, so that
/// <c>kubectl apply -f &lt;(turnpike kube-inject …)</c> never applies half of a manifest.
/// </summary>
internal sealed class KubeInjectRun(KubeInjectIo io)
{
    private const string Reset = "\u001b[0m";

    /// <summary>Returns the image that <c>--hub</c> and <c>--tag</c> name, or null if neither is given.</summary>
    public static string? Image(string? hub, string? tag)
    {
        if (hub is null && tag is null)
            return null;
        var repository = hub is null ? InjectConfig.ProxyRepository : $"{hub.TrimEnd('/')}/proxy";
        return $"{repository}:{tag ?? ProductVersion.Text}";
    }

    public int Execute(KubeInjectRequest request)
    {
        foreach (var option in request.IdleOptions)
            io.Error.WriteLine($"note: {option} has no effect");
        var name = request.File == "-" ? "stdin" : request.File;
        var text = io.ReadFile(request.File);
        if (Config(request) is not { } config)
            return ExitCodes.Failure;
        var options = new InjectOptions
        {
            AnyKind = true,
            IsAsked = !config.Profile.InjectsByDefault,
            HasNativeSidecars = request.Cluster?.HasNativeSidecars ?? true,
        };
        if (config.NativeSidecar == NativeSidecar.Auto && request.Cluster?.HasNativeSidecars is null)
        {
            io.Error.WriteLine($"note: sidecars are native, which needs Kubernetes {NativeSidecars.First} or newer, because the version "
                + "of the cluster is not known; use --native-sidecar=false for older clusters");
        }
        var result = ManifestInjector.Inject(name, text, config, options, request.Namespace);
        foreach (var note in result.Notes)
            io.Error.WriteLine($"note: {note}");
        foreach (var error in result.Errors)
            io.Error.WriteLine($"error: {error}");
        if (result.Errors.Count > 0)
            return ExitCodes.Failure;
        Write(request.OutputFile, request.Diff ? Diff(request, name, text, result.Text) : result.Text);
        return ExitCodes.Success;
    }

    private InjectConfig? Config(KubeInjectRequest request)
    {
        var config = Read(request);
        return config is null ? null : config with
        {
            ProxyImage = request.Image ?? config.ProxyImage,
            ImagePullPolicy = request.ImagePullPolicy ?? config.ImagePullPolicy,
            ProxyUid = request.ProxyUid ?? config.ProxyUid,
            Verbosity = request.Verbosity ?? config.Verbosity,
            Version = request.Version ?? config.Version,
            NativeSidecar = request.NativeSidecar ?? config.NativeSidecar,
        };
    }

    /// <summary>
    /// Returns the settings of the file, of the cluster, or the built-in ones. A note says which, because the output does not show it.
    /// </summary>
    private InjectConfig? Read(KubeInjectRequest request)
    {
        const string settings = "note: injection settings:";
        var profile = request.Cluster?.Profile ?? request.Profile;
        if (request.ConfigFile is { } file)
        {
            io.Error.WriteLine($"{settings} {file}");
            return Check(file, InjectConfigReader.ReadFile(io.ReadFile(file), profile));
        }
        if (request.Cluster is { Config: { } text } cluster)
        {
            io.Error.WriteLine($"{settings} {cluster.Source}");
            return Check(cluster.Source, InjectConfigReader.Read(text, profile));
        }
        io.Error.WriteLine($"{settings} built in{(request.Cluster is { } silent ? $" ({silent.Source})" : "")}");
        return InjectConfig.Of(profile);
    }

    private InjectConfig? Check(string source, Decoded<InjectConfig> decoded)
    {
        foreach (var warning in decoded.Warnings)
            io.Error.WriteLine($"warning: {source}: {warning}");
        foreach (var error in decoded.Errors)
            io.Error.WriteLine($"error: {source}: {error}");
        return decoded.Value;
    }

    private string Diff(KubeInjectRequest request, string name, string before, string after)
    {
        var hasColour = io.HasColour && request.OutputFile is null;
        var lines = UnifiedDiff.Compare($"{name}\toriginal", before, $"{name}\tinjected", after);
        return string.Concat(lines.Select(line => (hasColour ? Coloured(line) : line.Text) + "\n"));
    }

    private static string Coloured(DiffLine line) => line.Kind switch
    {
        DiffLineKind.Header => $"\u001b[36m{line.Text}{Reset}",
        DiffLineKind.Removed => $"\u001b[31m{line.Text}{Reset}",
        DiffLineKind.Added => $"\u001b[32m{line.Text}{Reset}",
        _ => line.Text,
    };

    private void Write(string? file, string text)
    {
        if (file is null)
            io.Output.Write(text);
        else
            io.WriteFile(file, text);
    }
}
