using System.Collections.Immutable;
using Turnpike.Api;

namespace Turnpike.Injector.Config;

/// <summary>
/// The settings of the injection: YAML under the key <c>config</c> of the ConfigMap that the profile names, <c>istio-inject</c> in that of
/// 2017.
/// Keys of 2017 keep their names; those of the proxy are under <c>params</c>.
/// </summary>
public sealed record InjectConfig
{
    /// <summary>The repository of the proxy's image, used wherever no other is configured.</summary>
    public const string ProxyRepository = "docker.io/turnpike/proxy";

    /// <summary>The settings of an empty ConfigMap in the profile of 2017.</summary>
    public static InjectConfig Default { get; } = Of(Profile.Istio2017);

    /// <summary>The profile of the installation.</summary>
    public Profile Profile { get; private init; } = Profile.Istio2017;

    /// <summary><c>policy</c>: whether pods that do not mention injection are injected.</summary>
    public bool InjectsByDefault { get; init; } = true;

    /// <summary><c>namespaces</c>: the namespaces in which pods are injected; the empty string stands for all.</summary>
    public ImmutableArray<string> Namespaces { get; init; } = [""];

    /// <summary><c>excludeNamespaces</c>: the namespaces in which pods are not injected.</summary>
    public ImmutableArray<string> ExcludeNamespaces { get; init; } = [];

    /// <summary>
    /// <c>neverInjectSelector</c>: pods with all labels of one of these selectors are not injected unless they request it themselves.
    /// </summary>
    public ImmutableArray<LabelSelector> NeverInject { get; init; } = [];

    /// <summary>
    /// <c>alwaysInjectSelector</c>: pods with all labels of one of these selectors are injected even if the policy is <c>disabled</c>.
    /// </summary>
    public ImmutableArray<LabelSelector> AlwaysInject { get; init; } = [];

    /// <summary><c>scope</c>: the objects that the webhook patches.</summary>
    public InjectionScope Scope { get; init; } = InjectionScope.Pod;

    /// <summary><c>nativeSidecar</c>: whether the proxy is an init container that keeps running, so that Jobs can complete.</summary>
    public NativeSidecar NativeSidecar { get; init; } = NativeSidecar.Auto;

    /// <summary><c>proxyImage</c>, or <c>params.proxyImage</c>.</summary>
    public string ProxyImage { get; init; } = $"{ProxyRepository}:{ProductVersion.Text}";

    /// <summary><c>params.imagePullPolicy</c>: Always, IfNotPresent or Never.</summary>
    public string ImagePullPolicy { get; init; } = "IfNotPresent";

    /// <summary><c>params.sidecarProxyUID</c>: the user and group that the proxy runs as.</summary>
    public long ProxyUid { get; init; } = 1337;

    /// <summary><c>params.verbosity</c>: the log level of the proxy; with 0 the flag is left out.</summary>
    public int Verbosity { get; init; }

    /// <summary><c>params.version</c>: the version in the status annotation; if empty, a hash of what is injected.</summary>
    public string Version { get; init; } = "";

    /// <summary><c>discoveryAddress</c>: host and port from which the proxy gets its table.</summary>
    public string DiscoveryAddress { get; init; } = "";

    /// <summary><c>resources</c>: the requests and limits of the proxy.</summary>
    public ProxyResources Resources { get; init; } = ProxyResources.Default;

    /// <summary>Returns the settings of an empty ConfigMap in that profile.</summary>
    public static InjectConfig Of(Profile profile) => new()
    {
        Profile = profile,
        InjectsByDefault = profile.InjectsByDefault,
        DiscoveryAddress = $"{Names.OperatorDeployment}.{profile.SystemNamespace}:15010",
    };
}

public enum InjectionScope
{
    /// <summary>Pods when they are created.</summary>
    Pod,

    /// <summary>Deployments, Jobs and other workloads, whose templates then show the sidecar, as in 2017.</summary>
    Workload,
}

public enum NativeSidecar
{
    /// <summary>The cluster's version decides.</summary>
    Auto,
    Always,
    Never,
}

/// <param name="Labels">The labels, all of which must match. Without labels the selector matches nothing.</param>
public sealed record LabelSelector(ImmutableSortedDictionary<string, string> Labels)
{
    public bool Matches(Func<string, string?> label) => !Labels.IsEmpty && Labels.All(wanted => label(wanted.Key) == wanted.Value);
}

/// <summary>The requests and limits of the proxy's container. Null means that none is set.</summary>
public sealed record ProxyResources
{
    public static ProxyResources Default { get; } = new();

    public Quantity? CpuRequest { get; init; } = Quantity.Of("10m");

    public Quantity? MemoryRequest { get; init; } = Quantity.Of("40Mi");

    public Quantity? CpuLimit { get; init; }

    public Quantity? MemoryLimit { get; init; } = Quantity.Of("256Mi");
}
