using Microsoft.Extensions.Hosting;

namespace Turnpike.Hosting.Watch;

/// <summary>Runs every registered informer for as long as the host lives.</summary>
internal sealed class InformerService(IEnumerable<IInformer> informers) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(informers.Select(informer => Task.Run(() => informer.RunAsync(stoppingToken), CancellationToken.None)));
}
