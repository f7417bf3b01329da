using System.Collections.Immutable;
using Turnpike.Api;

namespace Turnpike.Injector.Config;

/// <summary>
/// What is injected, and into whose pods: the ConfigMap that the profile names, <c>istio-inject</c> in that of 2017, key <c>config</c>, YAML. The keys of 2017 are read under their old
/// names, the proxy's under <c>params</c>.
/// </summary>
public sealed record InjectConfig
{
    /// <summary>Where the proxy's image is; everything that names one by itself names this.</summary>
    public const string ProxyRepository = "docker.io/turnpike/proxy";

    /// <summary>What counts where nothing is said, with the names of 2017.</summary>
    public static InjectConfig Default { get; } = Of(Profile.Istio2017);

    /// <summary>The names of the installation.</summary>
    public Profile Profile { get; private init; } = Profile.Istio2017;

    /// <summary><c>policy</c>: whether pods that say nothing about injection are injected.</summary>
    public bool InjectsByDefault { get; init; } = true;

    /// <summary><c>namespaces</c>: where pods are injected; the empty text stands for everywhere.</summary>
    public ImmutableArray<string> Namespaces { get; init; } = [""];

    /// <summary><c>excludeNamespaces</c>: where they are not.</summary>
    public ImmutableArray<string> ExcludeNamespaces { get; init; } = [];

    /// <summary>
    /// <c>neverInjectSelector</c>: pods with all labels of one of these are not injected unless they ask for it themselves.
    /// </summary>
    public ImmutableArray<LabelSelector> NeverInject { get; init; } = [];

    /// <summary>
    /// <c>alwaysInjectSelector</c>: pods with all labels of one of these are injected even where the policy is <c>disabled</c>.
    /// </summary>
    public ImmutableArray<LabelSelector> AlwaysInject { get; init; } = [];

    /// <summary><c>scope</c>: what the webhook patches.</summary>
    public InjectionScope Scope { get; init; } = InjectionScope.Pod;

    /// <summary><c>nativeSidecar</c>: whether the proxy is an init container that keeps running, so that Jobs end.</summary>
    public NativeSidecar NativeSidecar { get; init; } = NativeSidecar.Auto;

    /// <summary><c>proxyImage</c>, or <c>params.proxyImage</c>.</summary>
    public string ProxyImage { get; init; } = $"{ProxyRepository}:{ProductVersion.Text}";

    /// <summary><c>params.imagePullPolicy</c>: Always, IfNotPresent or Never.</summary>
    public string ImagePullPolicy { get; init; } = "IfNotPresent";

    /// <summary><c>params.sidecarProxyUID</c>: the user and group that the proxy runs as.</summary>
    public long ProxyUid { get; init; } = 1337;

    /// <summary><c>params.verbosity</c>: 0 leaves the flag out.</summary>
    public int Verbosity { get; init; }

    /// <summary><c>params.version</c>: recorded in the status annotation; empty for the hash of what is injected.</summary>
    public string Version { get; init; } = "";

    /// <summary><c>discoveryAddress</c>: host and port from which the proxy gets its table.</summary>
    public string DiscoveryAddress { get; init; } = "";

    /// <summary><c>resources</c>: what the proxy asks for and may use.</summary>
    public ProxyResources Resources { get; init; } = ProxyResources.Default;

    /// <summary>What counts in an installation where nothing is said.</summary>
    public static InjectConfig Of(Profile profile) => new()
    {
        Profile = profile,
        InjectsByDefault = profile.InjectsByDefault,
        DiscoveryAddress = $"{Names.OperatorDeployment}.{profile.SystemNamespace}:15010",
    };
}

public enum InjectionScope
{
    /// <summary>Pods, as they are created.</summary>
    Pod,

    /// <summary>Deployments, Jobs and the like: their templates show the sidecar, as they did in 2017.</summary>
    Workload,
}

public enum NativeSidecar
{
    /// <summary>Where the API server is known to be new enough.</summary>
    Auto,
    Always,
    Never,
}

/// <param name="Labels">All of them must match. None match nothing.</param>
public sealed record LabelSelector(ImmutableSortedDictionary<string, string> Labels)
{
    public bool Matches(Func<string, string?> label) => !Labels.IsEmpty && Labels.All(wanted => label(wanted.Key) == wanted.Value);
}

/// <summary>Requests and limits of the proxy's container; null is none.</summary>
public sealed record ProxyResources
{
    public static ProxyResources Default { get; } = new();

    public Quantity? CpuRequest { get; init; } = Quantity.Of("10m");

    public Quantity? MemoryRequest { get; init; } = Quantity.Of("40Mi");

    public Quantity? CpuLimit { get; init; }

    public Quantity? MemoryLimit { get; init; } = Quantity.Of("256Mi");
}
