using System.CommandLine;
using Turnpike.Api;
using Turnpike.Cli.Cluster;

namespace Turnpike.Cli.Commands;

/// <summary>The options that stand before the command or after it, as they did in 2017: after it, where they mean something to it.</summary>
internal sealed class GlobalOptions(ProcessContext process)
{
    private const string Kubernetes = "kube";

    private readonly Option<string> _platform = new("--platform", "-p")
    {
        Description = "Only \"kube\" is known.",
        HelpName = "PLATFORM",
        Hidden = true,
        DefaultValueFactory = _ => Kubernetes,
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig", "-c")
    {
        Description = "How to reach the cluster. Default: $KUBECONFIG, ~/.kube/config, or the pod's own service account.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _istioNamespace = new("--istioNamespace", "-i")
    {
        Description = "Namespace of the control plane, where it was installed into another than the profile's own.",
        HelpName = "NAMESPACE",
    };

    private readonly Option<string?> _profile = ProfileOption();

    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = "Namespace of objects that name none. Default: that of the kubeconfig's context, or \"default\".",
        HelpName = "NAMESPACE",
    };

    public ProcessContext Process => process;

    private static string ProfileNames => string.Join('|', Profile.All.Select(profile => profile.Name));

    public void AddTo(RootCommand root) => Add(root, _namespace, _profile, _istioNamespace, _kubeconfig, _platform);

    /// <summary>Gives a command that asks a cluster all of them.</summary>
    public Command ForCluster(Command command) => Add(command, _namespace, _profile, _istioNamespace, _kubeconfig, _platform);

    /// <summary>Gives a command that reads files the namespace of objects that name none, and the names that settings are read by.</summary>
    public Command ForFiles(Command command) => Add(command, _namespace, _profile);

    private static Command Add(Command command, params ReadOnlySpan<Option> options)
    {
        foreach (var option in options)
            command.Add(option);
        return command;
    }

    /// <summary>The namespace on the command line, or <c>default</c>, for commands that ask no cluster.</summary>
    public string NamespaceOrDefault(ParseResult parsed) => Given(parsed, _namespace) ?? "default";

    /// <summary>The installation on the command line, or that of 2017, for commands that ask no cluster.</summary>
    public Profile ProfileOrDefault(ParseResult parsed) => (GivenProfile(parsed) ?? Profile.Istio2017).In(Given(parsed, _istioNamespace));

    public ClusterSettings Cluster(ParseResult parsed) =>
        new(Given(parsed, _kubeconfig), Given(parsed, _namespace), Given(parsed, _istioNamespace)) { Profile = GivenProfile(parsed) };

    /// <summary>The cluster that the command line means, ready to be asked.</summary>
    /// <exception cref="CommandException">No kubeconfig says how to reach one.</exception>
    public ClusterAccess Open(ParseResult parsed)
    {
        if (parsed.GetValue(_platform) is var platform && platform != Kubernetes)
            parsed.InvocationConfiguration.Error.WriteLine($"warning: --platform: \"{platform}\" is not known, \"{Kubernetes}\" is taken");
        return ClusterAccess.Open(Cluster(parsed), process, note => parsed.InvocationConfiguration.Error.WriteLine($"note: {note}"));
    }

    private static Option<string?> ProfileOption()
    {
        var option = new Option<string?>("--profile")
        {
            Description = $"Which names the installation has. Default: ${Profile.Variable}, or what is found in the cluster, or {Profile.Istio2017.Name}.",
            HelpName = ProfileNames,
        };
        option.AcceptOnlyFromAmong([.. Profile.All.Select(profile => profile.Name)]);
        return option;
    }

    private Profile? GivenProfile(ParseResult parsed)
    {
        if (Given(parsed, _profile) is { } option)
            return Profile.Find(option);
        return process.Variable(Profile.Variable) is not { Length: > 0 } name ? null
            : Profile.Find(name) ?? throw new CommandException($"{Profile.Variable}: \"{name}\" is not a profile: supported values are {ProfileNames.Replace("|", ", ", StringComparison.Ordinal)}");
    }

    /// <summary>An empty text counts as not given, as in scripts that pass a variable on.</summary>
    private static string? Given(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { Length: > 0 } text ? text : null;
}
