using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Turnpike.Discovery;
using Turnpike.Hosting;
using Turnpike.Webhooks;

namespace Turnpike.Operator;

/// <summary>Serves the metrics of all rooms in the text format of Prometheus on the health port.</summary>
internal static class OperatorMetrics
{
    public const string Path = "/metrics";

    private static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    public static void AddOperatorMetrics(this IServiceCollection services) => services.AddOpenTelemetry()
        .ConfigureResource(resource => resource.AddService(
            Deployed.Operator, serviceVersion: Api.ProductVersion.Text, autoGenerateServiceInstanceId: false))
        .WithMetrics(metrics => metrics
            .AddMeter(Telemetry.MeterName, DiscoveryMetrics.MeterName, InjectionReport.MeterName, "System.Runtime")
            // These are the bounds of the proxy's histograms. The defaults are meant for milliseconds.
            .AddView(instrument => instrument is Histogram<double> && instrument.Name.StartsWith("turnpike.", StringComparison.Ordinal)
                ? new ExplicitBucketHistogramConfiguration { Boundaries = Bounds }
                : null)
            .AddPrometheusExporter());

    public static void MapOperatorMetrics(this IEndpointRouteBuilder routes) => routes.MapPrometheusScrapingEndpoint(Path);
}
