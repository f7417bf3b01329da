using System.CommandLine;
using Turnpike.Api;
using Turnpike.Cli.Cluster;

namespace Turnpike.Cli.Commands;

/// <summary>The options that may be given before the command, as in 2017, and after it if they affect it.</summary>
internal sealed class GlobalOptions(ProcessContext process)
{
    private const string Kubernetes = "kube";

    private readonly Option<string> _platform = new("--platform", "-p")
    {
        Description = "The platform. Only \"kube\" is known.",
        HelpName = "PLATFORM",
        Hidden = true,
        DefaultValueFactory = _ => Kubernetes,
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig", "-c")
    {
        Description = "The kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, or the pod's own service account.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _istioNamespace = new("--istioNamespace", "-i")
    {
        Description = "The namespace of the control plane, if it is not that of the profile.",
        HelpName = "NAMESPACE",
    };

    private readonly Option<string?> _profile = ProfileOption();

    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = "The namespace of objects that name none. Default: that of the kubeconfig's context, or \"default\".",
        HelpName = "NAMESPACE",
    };

    public ProcessContext Process => process;

    private static string ProfileNames => string.Join('|', Profile.All.Select(profile => profile.Name));

    public void AddTo(RootCommand root) => Add(root, _namespace, _profile, _istioNamespace, _kubeconfig, _platform);

    /// <summary>Adds all options to a command that uses a cluster.</summary>
    public Command ForCluster(Command command) => Add(command, _namespace, _profile, _istioNamespace, _kubeconfig, _platform);

    /// <summary>Adds the namespace and the profile to a command that reads files.</summary>
    public Command ForFiles(Command command) => Add(command, _namespace, _profile);

    private static Command Add(Command command, params ReadOnlySpan<Option> options)
    {
        foreach (var option in options)
            command.Add(option);
        return command;
    }

    /// <summary>Returns the namespace of the command line or <c>default</c>, for commands that use no cluster.</summary>
    public string NamespaceOrDefault(ParseResult parsed) => Given(parsed, _namespace) ?? "default";

    /// <summary>Returns the profile of the command line or that of 2017, for commands that use no cluster.</summary>
    public Profile ProfileOrDefault(ParseResult parsed) =>
        (GivenProfile(parsed) ?? Profile.Istio2017).In(Given(parsed, _istioNamespace));

    public ClusterSettings Cluster(ParseResult parsed) =>
        new(Given(parsed, _kubeconfig), Given(parsed, _namespace), Given(parsed, _istioNamespace)) { Profile = GivenProfile(parsed) };

    /// <summary>Returns the cluster that the command line names.</summary>
    /// <exception cref="CommandException">No cluster is configured.</exception>
    public ClusterAccess Open(ParseResult parsed)
    {
        if (parsed.GetValue(_platform) is var platform && platform != Kubernetes)
            parsed.InvocationConfiguration.Error.WriteLine($"warning: --platform: \"{platform}\" is not known, \"{Kubernetes}\" is used");
        return ClusterAccess.Open(Cluster(parsed), process, note => parsed.InvocationConfiguration.Error.WriteLine($"note: {note}"));
    }

    private static Option<string?> ProfileOption()
    {
        var option = new Option<string?>("--profile")
        {
            Description = $"The names of the installation. Default: ${Profile.Variable}, or the profile that is found in the cluster, "
                + $"or {Profile.Istio2017.Name}.",
            HelpName = ProfileNames,
        };
        option.AcceptOnlyFromAmong([.. Profile.All.Select(profile => profile.Name)]);
        return option;
    }

    private Profile? GivenProfile(ParseResult parsed)
    {
        if (Given(parsed, _profile) is { } option)
            return Profile.Find(option);
        if (process.Variable(Profile.Variable) is not { Length: > 0 } name)
            return null;
        var supported = ProfileNames.Replace("|", ", ", StringComparison.Ordinal);
        return Profile.Find(name)
            ?? throw new CommandException($"{Profile.Variable}: \"{name}\" is not a profile: supported values are {supported}");
    }

    /// <summary>Returns the value, or null for an empty string, which scripts pass when a variable is not set.</summary>
    private static string? Given(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { Length: > 0 } text ? text : null;
}
