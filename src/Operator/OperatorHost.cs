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

/// <summary>Composes the control plane: webhooks, discovery and health on three ports, and the tasks of the leader.</summary>
internal static class OperatorHost
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    // Categories of libraries, whose informational lines are of no use to the operator's users.
    private static readonly string[] Libraries = ["Microsoft", "Grpc", "KubeOps", "ZiggyCreatures"];


    /// <param name="options">The options of the command line.</param>
    /// <param name="log">The destination of the log; null for the console.</param>
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
            // The lease is released at once, rather than after the last connection has drained.
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
            var clients = options.WebhookClientCa is { } file
                ? new ClientAuthority(file, services.GetRequiredService<ILogger<ClientAuthority>>())
                : null;
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
            KnownResources.ConfigMaps,
            json => new InjectConfigText(InjectionSettings.TextOf(json)),
            new InformerOptions { Query = ResourceQuery.Named(new(profile.SystemNamespace, profile.InjectConfigMap)) });
        services.AddInformer(
            KnownResources.ConfigMaps,
            json => new ProofRecord(json.Child("data")?.Text(Names.StatusProvenImagesKey)),
            new InformerOptions { Query = ResourceQuery.Named(new(profile.SystemNamespace, Names.StatusConfigMap)) });
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
        services.AddLeaderElection(
            _ => new LeaderElectionOptions(new NamespacedName(profile.SystemNamespace, Deployed.Lease), options.PodName));
        services.AddOperatorWebhooks(typeof(RouteRuleWebhook).Assembly);
        services.AddRoutingCore();
        services.AddSingleton<Readiness>();
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
                p.GetRequiredService<KubeApi>(),
                kind,
                profile.WebhookConfiguration,
                Deployed.CaFieldManager,
                p.GetRequiredService<ILoggerFactory>(),
                p.GetRequiredService<TimeProvider>()));
        }
        services.AddSingleton<RotatingCertificates>();
        services.AddSingleton<IServingCertificates>(p => p.GetRequiredService<RotatingCertificates>());
        services.AddHostedService(p => p.GetRequiredService<RotatingCertificates>());
    }

    private static void Map(WebApplication app, OperatorOptions options)
    {
        var injection = app.Services.GetRequiredService<InjectionSettings>();
        app.Services.GetRequiredService<Informer<InjectConfigText>>().AddHandler(change => injection.Update(change.New?.Text));
        var proofs = app.Services.GetRequiredService<ImageProofs>();
        app.Services.GetRequiredService<Informer<ProofRecord>>().AddHandler(change => proofs.Add(change.New?.Text));

        app.Use((context, next) => GuardPortAsync(context, next, options));
        app.UseRouting();
        app.MapOperatorWebhooks(typeof(RouteRuleWebhook).Assembly);
        var injector = app.Services.GetRequiredService<InjectionWebhook>();
        var neverDenies = new AdmissionOptions { OnFailure = AdmissionFailure.AllowWithWarning };
        app.MapAdmission(Deployed.InjectPath, injector.ReviewAsync, neverDenies);
        app.MapAdmission(Deployed.InjectAskedPath, injector.ReviewAskedAsync, neverDenies);
        app.MapDiscovery();
        app.MapOperatorMetrics();
        app.MapMethods("/live", Reading, () => "live\n");
        app.MapMethods("/ready", Reading, (HttpContext context, Readiness readiness) =>
        {
            var reason = readiness.NotReadyReason;
            context.Response.StatusCode = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync((reason ?? "ready") + "\n");
        });
    }

    /// <summary>Keeps each port to its own endpoints, so that for example the webhooks are not reachable on the health port.</summary>
    private static Task GuardPortAsync(HttpContext context, RequestDelegate next, OperatorOptions options)
    {
        var (path, request, port) = (context.Request.Path, context.Request, context.Connection.LocalPort);
        var isServed = port == options.HealthPort ? path == "/ready" || path == "/live" || path == OperatorMetrics.Path
            : port == options.DiscoveryPort ? request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true
            : path == Deployed.RouteRulePath || path == Deployed.IngressPath
                || path == Deployed.InjectPath || path == Deployed.InjectAskedPath;
        if (!isServed)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        if (port != options.HealthPort || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = "GET, HEAD";
        return Task.CompletedTask;
    }

    /// <summary>The text of the ConfigMap with the injection settings.</summary>
    private sealed record InjectConfigText(string? Text);

    /// <summary>The leader's record of proven images.</summary>
    internal sealed record ProofRecord(string? Text);
}
