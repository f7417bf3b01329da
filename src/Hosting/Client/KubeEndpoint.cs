using System.Security.Cryptography.X509Certificates;
using k8s;
using Turnpike.Hosting.Certificates;

namespace Turnpike.Hosting.Client;

/// <summary>The address of the API server, the authorities that are trusted for it, and the credentials.</summary>
public sealed class KubeEndpoint
{
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    private readonly KubernetesClientConfiguration _config;
    private readonly X509Certificate2Collection? _authorities;

    /// <remarks>
    /// With a CA in its configuration, the client library validates the chain in its own callback, which never checks the host name: any
    /// certificate of the cluster's CA would be accepted. Without one, .NET checks both, and only needs the trusted authorities.
    /// </remarks>
    private KubeEndpoint(KubernetesClientConfiguration config)
    {
        _config = config;
        _config.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        _config.FirstMessageHandlerSetup = SetUp;
        if (_config.SkipTlsVerify)
            return;
        _authorities = config.SslCaCerts;
        _config.SslCaCerts = null;
    }

    /// <summary>The namespace of the pod or of the kubeconfig's context.</summary>
    public string? Namespace => _config.Namespace;

    public Uri Server => new(_config.Host);

    /// <summary>The configuration for other libraries that use the same client: the same server, authorities and credentials.</summary>
    public KubernetesClientConfiguration ClientConfiguration => _config;

    internal bool AllowsHttp2 => !_config.DisableHttp2;

    /// <summary>
    /// The name that the server's certificate must have, when it is not that of the address. .NET takes it from the Host header.
    /// </summary>
    internal string? ServerName => string.IsNullOrEmpty(_config.TlsServerName) ? null : _config.TlsServerName;

    /// <summary>Uses the pod's service account. Its token is read again when the kubelet rotates it.</summary>
    public static KubeEndpoint InCluster() => new(KubernetesClientConfiguration.InClusterConfig());

    /// <summary>
    /// Uses a kubeconfig, by default <c>$KUBECONFIG</c> or <c>~/.kube/config</c>, and one of its contexts, by default the current one.
    /// </summary>
    public static KubeEndpoint FromKubeconfig(string? path = null, string? context = null) =>
        new(path is null && context is null
            ? KubernetesClientConfiguration.BuildDefaultConfig()
            : KubernetesClientConfiguration.BuildConfigFromConfigFile(path, context));

    /// <summary>Uses <see cref="InCluster"/> in a pod, and <see cref="FromKubeconfig"/> elsewhere.</summary>
    public static KubeEndpoint Discover() => KubernetesClientConfiguration.IsInCluster() ? InCluster() : FromKubeconfig();

    /// <summary>Uses the kubeconfig at this path, or <see cref="Discover"/> for null.</summary>
    public static KubeEndpoint Of(string? kubeconfig) => kubeconfig is null ? Discover() : FromKubeconfig(kubeconfig);

    /// <summary>Uses the API server at an address. Without authorities, the roots of the machine are trusted.</summary>
    public static KubeEndpoint At(Uri server, X509Certificate2Collection? authorities = null, string? token = null) =>
        new(new() { Host = server.AbsoluteUri, SslCaCerts = authorities, AccessToken = token });

    /// <summary>Sets the namespace and returns the same endpoint.</summary>
    public KubeEndpoint Within(string ns)
    {
        _config.Namespace = ns;
        return this;
    }

    internal Kubernetes Open() => new(_config);

    private void SetUp(SocketsHttpHandler handler)
    {
        handler.KeepAlivePingDelay = PingDelay;
        handler.KeepAlivePingTimeout = PingTimeout;
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.EnableMultipleHttp2Connections = true;
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        if (_authorities is not { Count: > 0 })
            return;

        handler.SslOptions.CertificateChainPolicy = PrivateTrust.In(_authorities);
    }
}
