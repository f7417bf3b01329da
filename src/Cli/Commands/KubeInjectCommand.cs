using System.CommandLine;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Injection;
using Turnpike.Injector.Config;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike kube-inject</c>: injects the sidecar into manifests, with the settings of the cluster if there is one.</summary>
internal static class KubeInjectCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var file = new Option<string>("--filename", "-f")
        {
            Description = "The manifest to inject, or - for standard input.",
            HelpName = "FILE|-",
            Required = true,
        };
        var output = Valued<string?>("The file to write instead of standard output.", "FILE", "--output", "-o");
        var diff = new Option<bool>("--diff") { Description = "Print what would change, like diff -u." };
        var configFile = new Option<string?>("--injectConfigFile")
        {
            Description = "The injection settings: the YAML of the key config of ConfigMap istio-inject (turnpike-inject in the standalone "
                + "profile), or that ConfigMap itself. Default: that ConfigMap of the cluster, otherwise the built-in settings.",
            HelpName = "FILE",
        };
        var hub = Valued<string?>("The repository of the proxy's image, which is HUB/proxy:TAG.", "HUB", "--hub");
        var tag = Valued<string?>("The tag of the proxy's image.", "TAG", "--tag");
        var pullPolicy = Valued<string?>("The pull policy of the proxy's image.", "POLICY", "--imagePullPolicy");
        pullPolicy.AcceptOnlyFromAmong("Always", "IfNotPresent", "Never");
        var uid = Valued<long?>("The user and group that the proxy runs as.", "UID", "--sidecarProxyUID");
        var verbosity = Valued<int?>("The log level of the proxy, 0 to 10.", "LEVEL", "--verbosity");
        var version = Valued<string?>("The version in the status annotation.", "TEXT", "--setVersionString");
        var native = Valued<string?>(
            "Whether the sidecar is an init container that keeps running, so that Jobs can complete: true, false, or auto, which depends "
            + "on the version of the cluster and is true without one.",
            "WHETHER",
            "--native-sidecar");
        native.AcceptOnlyFromAmong("auto", "true", "false");
        InRange(uid, "--sidecarProxyUID", 1, uint.MaxValue - 1);
        InRange(verbosity, "--verbosity", 0, 10);
        Option[] idle =
        [
            new Option<string?>("--meshConfigMapName") { Hidden = true },
            new Option<bool>("--coreDump") { Hidden = true },
            new Option<string?>("--includeIPRanges") { Hidden = true },
            new Option<bool>("--debug") { Hidden = true },
        ];

        var command = new Command("kube-inject", "Inject the sidecar into manifests. Exit code 0: success, 1: invalid input, 2: a usage error.")
        {
            file, output, diff, configFile, hub, tag, pullPolicy, uid, verbosity, version, native,
        };
        foreach (var option in idle)
            command.Add(option);
        command.Validators.Add(result =>
        {
            var image = KubeInjectRun.Image(result.GetValue(hub), result.GetValue(tag));
            if (image is not null && !InjectConfigReader.IsImage(image))
                result.AddError($"--hub and --tag make \"{image}\", which is not the name of a container image");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var given = parsed.GetValue(configFile);
            var request = new KubeInjectRequest(parsed.GetValue(file)!, globals.NamespaceOrDefault(parsed))
            {
                Cluster = given is null ? await ClusterInjection.AskAsync(globals.Cluster(parsed), globals.Process, ct) : null,
                Profile = globals.ProfileOrDefault(parsed),
                OutputFile = parsed.GetValue(output),
                Diff = parsed.GetValue(diff),
                ConfigFile = given,
                Image = KubeInjectRun.Image(parsed.GetValue(hub), parsed.GetValue(tag)),
                ImagePullPolicy = parsed.GetValue(pullPolicy),
                ProxyUid = parsed.GetValue(uid),
                Verbosity = parsed.GetValue(verbosity),
                Version = parsed.GetValue(version),
                NativeSidecar = parsed.GetValue(native) switch
                {
                    "auto" => NativeSidecar.Auto,
                    "true" => NativeSidecar.Always,
                    "false" => NativeSidecar.Never,
                    _ => null,
                },
                IdleOptions = [.. idle.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)],
            };
            var io = KubeInjectIo.Real(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            return new KubeInjectRun(io).Execute(request);
        });
        return command;
    }

    private static Option<T> Valued<T>(string description, string value, string name, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = value };

    private static void InRange<T>(Option<T?> option, string name, long least, long most)
        where T : struct, IConvertible
    {
        option.Validators.Add(result =>
        {
            // The parser reports a value that is not a number.
            if (result.Tokens is [var token] && long.TryParse(token.Value, out var value) && (value < least || value > most))
                result.AddError($"{name} must be between {least} and {most}");
        });
    }
}
