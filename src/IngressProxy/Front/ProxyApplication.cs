using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Front;

/// <summary>Kestrel calls this for each request.</summary>
internal sealed class ProxyApplication(ProxyPipeline pipeline) : IHttpApplication<KestrelExchange>
{
    private volatile bool _draining;

    /// <summary>Makes every response from now on ask the client to come back on another connection.</summary>
    public void BeginDraining() => _draining = true;

    /// <inheritdoc/>
    public KestrelExchange CreateContext(IFeatureCollection contextFeatures)
    {
        var exchange = contextFeatures is IHostContextContainer<KestrelExchange> container
            ? container.HostContext ??= new KestrelExchange()
            : new KestrelExchange();
        exchange.Begin(contextFeatures, _draining);
        return exchange;
    }

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(KestrelExchange context)
    {
        await pipeline.HandleAsync(context);
        context.SetHead();
    }

    /// <inheritdoc/>
    public void DisposeContext(KestrelExchange context, Exception? exception) => context.End();
}
