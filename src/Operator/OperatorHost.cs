using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Discovery;
using Turnpike.Hosting;
using Turnpike.Hosting.Admission;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Serving;
using Turnpike.Hosting.Watch;
using Turnpike.Operator.Defaults;
using Turnpike.Operator.ManagedProxy;
using Turnpike.Operator.Status;
using Turnpike.OperatorSdk;
using Turnpike.Webhooks;

namespace Turnpike.Operator;

/// <summary>Puts the control plane together: webhooks, discovery and health on three ports, and the tasks of the leader.</summary>
internal static class OperatorHost
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    // Their categories: what they say of their daily work is not for our users.
    private static readonly string[] Libraries = ["Microsoft", "Grpc", "KubeOps", "ZiggyCreatures"];

    private static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");

    /// <param name="options">How this process was started.</param>
    /// <param name="log">Takes the log in place of the console.</param>
    public static WebApplication Build(OperatorOptions options, ILoggerProvider? log = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (log is null)
        {
            builder.Logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            });
        }
        else
        {
            builder.Logging.AddProvider(log);
        }
        foreach (var library in Libraries)
            builder.Logging.AddFilter(library, LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = TimeSpan.FromSeconds(20);
            // The lease is released at once, not after the last connection has drained.
            host.ServicesStopConcurrently = true;
        });
        AddServices(builder.Services, options);
        var certificate = new ServerCertificate();
        builder.Services.AddSingleton(certificate);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.UseNarrowLimits();
            var services = kestrel.ApplicationServices;
            var clock = services.GetRequiredService<TimeProvider>();
            var clients = options.WebhookClientCa is { } file ? new ClientAuthority(file, services.GetRequiredService<ILogger<ClientAuthority>>()) : null;
            var webhooks = new ConnectionBounds(PortLimits.Webhooks, clock);
            kestrel.ListenAnyIP(options.WebhookPort, listen => webhooks.Apply(listen, https =>
            {
                certificate.Configure(https);
                clients?.Configure(https);
            }));
            kestrel.ListenForProxies(null, options.DiscoveryPort, certificate, services.GetRequiredService<DiscoveryLimits>());
            var health = new ConnectionBounds(PortLimits.Health, clock);
            kestrel.ListenAnyIP(options.HealthPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                health.Apply(listen);
            });
        });
        var app = builder.Build();
        Map(app, options);
        return app;
    }

    private static void AddServices(IServiceCollection services, OperatorOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        var profile = options.Profile;
        services.AddOperatorApi(options.Kubeconfig, profile.SystemNamespace);
        services.AddDiscovery(profile);
        services.AddAdmission();
        services.AddOperatorMetrics();
        services.AddInjection(profile, options.ProxyImage);
        services.AddInformer(
            ConfigMaps,
            json => new InjectConfigText(InjectionSettings.TextOf(json)),
            new InformerOptions { Query = new ResourceQuery { Namespace = profile.SystemNamespace, FieldSelector = $"metadata.name={profile.InjectConfigMap}" } });
        services.AddInformer(
            ConfigMaps,
            json => new ProofRecord(json.Child("data")?.Text(Names.StatusProvenImagesKey)),
            new InformerOptions { Query = new ResourceQuery { Namespace = profile.SystemNamespace, FieldSelector = $"metadata.name={Names.StatusConfigMap}" } });
        AddCertificates(services, profile);
        services.AddSingleton<SelfTest>().AddHostedService(p => p.GetRequiredService<SelfTest>());
        services.AddSingleton<FleetView>();
        services.AddSingleton<ILeaderTask, DefaultsKeeper>();
        services.AddSingleton<ILeaderTask, ProxyController>();
        services.AddSingleton<ILeaderTask, IngressStatusController>();
        services.AddSingleton<ILeaderTask, PeerWatcher>();
        services.AddSingleton<ILeaderTask, FleetStatusController>();
        services.AddSingleton<ILeaderTask, DiagnosticEvents>();
        services.AddSingleton<ILeaderTask, HostRecordKeeper>();
        services.AddSingleton<RuleStatuses>().AddHostedService(p => p.GetRequiredService<RuleStatuses>());
        services.AddSingleton<ILeaderTask>(p => p.GetRequiredService<RuleStatuses>());
        services.AddLeaderElection(_ => new LeaderElectionOptions(new NamespacedName(profile.SystemNamespace, Deployed.Lease), options.PodName));
        services.AddOperatorWebhooks(typeof(RouteRuleWebhook).Assembly);
        services.AddRoutingCore();
        services.AddSingleton<Health>();
    }

    private static void AddCertificates(IServiceCollection services, Profile profile)
    {
        services.AddSingleton(new CertificateOptions
        {
            Secret = new NamespacedName(profile.SystemNamespace, Deployed.CaSecret),
            DnsNames = [profile.OperatorHost, $"{profile.OperatorHost}.cluster.local"],
        });
        foreach (var kind in Enum.GetValues<WebhookConfigurationKind>())
        {
            services.AddSingleton<ITrustTarget>(p => new WebhookConfigurationTrust(
                p.GetRequiredService<KubeApi>(), kind, profile.WebhookConfiguration, Deployed.CaFieldManager, p.GetRequiredService<ILoggerFactory>(), p.GetRequiredService<TimeProvider>()));
        }
        services.AddSingleton<RotatingCertificates>();
        services.AddSingleton<IServingCertificates>(p => p.GetRequiredService<RotatingCertificates>());
        services.AddHostedService(p => p.GetRequiredService<RotatingCertificates>());
    }

    private static void Map(WebApplication app, OperatorOptions options)
    {
        var injection = app.Services.GetRequiredService<InjectionSettings>();
        app.Services.GetRequiredService<Informer<InjectConfigText>>().AddHandler(change => injection.Take(change.New?.Text));
        var proofs = app.Services.GetRequiredService<ImageProofs>();
        app.Services.GetRequiredService<Informer<ProofRecord>>().AddHandler(change => proofs.Take(change.New?.Text));

        // Each port has its own endpoints: nobody reaches the webhooks through the health port.
        app.Use((context, next) =>
        {
            var path = context.Request.Path;
            var belongs = context.Connection.LocalPort == options.HealthPort ? path == "/ready" || path == "/live" || path == OperatorMetrics.Path
                : context.Connection.LocalPort == options.DiscoveryPort ? context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true
                : path == Deployed.RouteRulePath || path == Deployed.IngressPath || path == Deployed.InjectPath || path == Deployed.InjectAskedPath;
            // Who asks how this process is has nothing to say to it.
            var isAsked = context.Connection.LocalPort != options.HealthPort || HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
            if (belongs && isAsked)
                return next(context);
            context.Response.StatusCode = belongs ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound;
            if (belongs)
                context.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        });
        app.UseRouting();
        app.MapOperatorWebhooks(typeof(RouteRuleWebhook).Assembly);
        var injector = app.Services.GetRequiredService<InjectionWebhook>();
        var inNobodysWay = new AdmissionOptions { OnFailure = AdmissionFailure.AllowWithWarning };
        app.MapAdmission(Deployed.InjectPath, injector.ReviewAsync, inNobodysWay);
        app.MapAdmission(Deployed.InjectAskedPath, injector.ReviewAskedAsync, inNobodysWay);
        app.MapDiscovery();
        app.MapOperatorMetrics();
        app.MapMethods("/live", Reading, () => "live\n");
        app.MapMethods("/ready", Reading, (HttpContext context, Health health) =>
        {
            var reason = health.NotReadyReason;
            context.Response.StatusCode = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync((reason ?? "ready") + "\n");
        });
    }

    /// <summary>The text of the ConfigMap with the injection settings.</summary>
    private sealed record InjectConfigText(string? Text);

    /// <summary>The proven images that a leader wrote down.</summary>
    internal sealed record ProofRecord(string? Text);
}

/// <summary>Whether this replica may get requests.</summary>
internal sealed class Health(DiscoveryStates states, IServingCertificates certificates, ClusterVersions versions, Informer<OperatorHost.ProofRecord> proofs)
{
    /// <summary>Null where it is ready. The self-test is not part of it: it goes through replicas that are ready.</summary>
    public string? NotReadyReason =>
        !states.IsRead ? "the cluster has not been read yet"
        : !versions.IsSettled ? "the versions of API server and nodes are not known yet"
        : !proofs.Synced.IsCompleted ? "the record of proven images has not been read yet"
        : certificates.IsReady ? null
        : $"certificates: {certificates.Readiness.Reason}";
}
