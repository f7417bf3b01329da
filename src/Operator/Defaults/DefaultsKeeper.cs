using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;

namespace Turnpike.Operator.Defaults;

/// <summary>
/// Creates the settings and the IngressClass when they are missing, and never changes existing ones, whoever created them. It creates
/// rather than applies, so that it cannot overwrite an object that a user creates at the same time. A deleted object is created again only
/// after a delay, so that a user who replaces it by deleting and creating it comes first. An IngressClass of the same name that belongs to
/// another controller is reported.
/// </summary>
internal sealed class DefaultsKeeper(KubeApi api, OperatorOptions options, ILoggerFactory loggers, TimeProvider clock) : ILeaderTask
{
    /// <summary>The delay before a deleted object is created again, far longer than <c>kubectl replace --force</c> takes.</summary>
    private static readonly TimeSpan RecreateDelay = TimeSpan.FromSeconds(10);

    // A namespace that is being deleted accepts no objects, and the API server may be unreachable.
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly ILogger _log = loggers.CreateLogger<DefaultsKeeper>();
    private readonly EventPublisher _events =
        new(api, Names.EventSource, options.PodName, loggers.CreateLogger<EventPublisher>(), clock);

    public async Task RunAsync(CancellationToken term)
    {
        var objects = DefaultObjects.Of(options.Profile);
        using var queue = new WorkQueue<int>(clock);
        var informers = objects.Select((wanted, index) => Watch(wanted, change =>
        {
            if (change.New is null)
                queue.AddAfter(index, RecreateDelay);
            else
                queue.Add(index);
        })).ToList();
        Task<TimeSpan?> ReconcileIndexAsync(int index, CancellationToken ct) => ReconcileAsync(objects[index], informers[index], ct);
        var loop = new ReconcileLoop<int>("defaults", queue, ReconcileIndexAsync, new(), _log, clock);
        for (var index = 0; index < objects.Count; index++)
            queue.Add(index);
        await Task.WhenAll(informers
            .Select(informer => Task.Run(() => informer.RunAsync(term), CancellationToken.None))
            .Append(loop.RunAsync(informers.Select(i => i.Synced), term)));
    }

    private async Task<TimeSpan?> ReconcileAsync(DefaultObject wanted, Informer<Found> informer, CancellationToken ct)
    {
        if (informer.Cache.List() is [var found, ..])
        {
            if (found.Controller is { } controller && controller != Names.IngressController)
                await ReportForeignClassAsync(wanted, found, controller, ct);
            return null;
        }
        try
        {
            var write = new WriteOptions { FieldManager = Deployed.FieldManager };
            await api.CreateAsync(wanted.Resource, wanted.Key.Namespace, (JsonNode)wanted.Body.DeepClone(), write, ct);
            _log.DefaultMade(wanted.Resource.Kind, wanted.Key.ToString());
            return null;
        }
        catch (KubeStatusException e) when (e.Reason == "AlreadyExists")
        {
            // Another client created it first. The watch will report it.
            return null;
        }
        catch (KubeStatusException e)
        {
            _log.DefaultNotMade(wanted.Resource.Kind, wanted.Key.ToString(), e.Message);
            return Retry;
        }
    }

    private async Task ReportForeignClassAsync(DefaultObject wanted, Found found, string controller, CancellationToken ct)
    {
        var note = $"IngressClass {wanted.Key.Name} belongs to the controller {controller}, "
            + "so Turnpike does not serve Ingresses of this class; "
            + $"to use another class, set ingressClass in ConfigMap {options.Profile.MeshConfigMap}";
        _log.ForeignClass(note);
        var subject = new EventSubject(wanted.Resource, wanted.Key, found.Uid);
        await _events.PublishAsync(subject, EventSeverity.Warning, "ForeignIngressClass", "Adopt", note, ct);
    }

    /// <summary>Watches one object by its name.</summary>
    private Informer<Found> Watch(DefaultObject wanted, Action<ObjectChange<Found>> changed)
    {
        var informer = new Informer<Found>(
            api,
            wanted.Resource,
            Found.Of,
            new InformerOptions { Query = ResourceQuery.Named(wanted.Key) },
            loggers.CreateLogger<Informer<Found>>(),
            clock);
        informer.AddHandler(changed);
        return informer;
    }

    /// <param name="Controller">The controller of an IngressClass; null for other kinds.</param>
    private sealed record Found(string Uid, string? Controller)
    {
        public static Found Of(JsonElement json) => new(json.Uid(), json.Child("spec")?.Text("controller"));
    }
}
