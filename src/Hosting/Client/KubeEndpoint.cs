using System.Security.Cryptography.X509Certificates;
using k8s;

namespace Turnpike.Hosting.Client;

/// <summary>Where the API server is, whom to trust there, and how to be known.</summary>
public sealed class KubeEndpoint
{
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    private readonly KubernetesClientConfiguration _config;
    private readonly X509Certificate2Collection? _authorities;

    /// <remarks>
    /// With a CA in its configuration the client validates the chain in a callback of its own that never looks at the host name, so any
    /// certificate of the cluster's CA would do. Without one the platform checks both; it only has to be told whom to trust.
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

    /// <summary>For other libraries of the same client: the same server, the same trust, the same identity.</summary>
    public KubernetesClientConfiguration ClientConfiguration => _config;

    internal bool AllowsHttp2 => !_config.DisableHttp2;

    /// <summary>The name that the server's certificate must have, if not that of the address; .NET takes it from the Host header.</summary>
    internal string? ServerName => string.IsNullOrEmpty(_config.TlsServerName) ? null : _config.TlsServerName;

    /// <summary>The pod's own service account; its token is read anew as the kubelet rotates it.</summary>
    public static KubeEndpoint InCluster() => new(KubernetesClientConfiguration.InClusterConfig());

    /// <summary>A kubeconfig: by default <c>$KUBECONFIG</c>, else <c>~/.kube/config</c>; and by default its current context.</summary>
    public static KubeEndpoint FromKubeconfig(string? path = null, string? context = null) =>
        new(path is null && context is null
            ? KubernetesClientConfiguration.BuildDefaultConfig()
            : KubernetesClientConfiguration.BuildConfigFromConfigFile(path, context));

    /// <summary><see cref="InCluster"/> within a pod, else <see cref="FromKubeconfig"/>.</summary>
    public static KubeEndpoint Discover() => KubernetesClientConfiguration.IsInCluster() ? InCluster() : FromKubeconfig();

    /// <summary>A kubeconfig by its path; null for <see cref="Discover"/>.</summary>
    public static KubeEndpoint Of(string? kubeconfig) => kubeconfig is null ? Discover() : FromKubeconfig(kubeconfig);

    /// <summary>A server by its address. Without authorities the machine's own roots are trusted.</summary>
    public static KubeEndpoint At(Uri server, X509Certificate2Collection? authorities = null, string? token = null) =>
        new(new() { Host = server.AbsoluteUri, SslCaCerts = authorities, AccessToken = token });

    /// <summary>The same, in this namespace.</summary>
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

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(_authorities);
        handler.SslOptions.CertificateChainPolicy = policy;
    }
}
