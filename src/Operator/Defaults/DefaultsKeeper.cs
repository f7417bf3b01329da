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
/// Makes the settings and the IngressClass where they are missing, and never touches those that are there, whoever made them. It creates and
/// does not apply: between looking and writing nothing of a user's can be overwritten. What is deleted is made again only after a while, so that
/// who replaces an object by deleting and creating it comes first. An IngressClass of our name that is another controller's is told of.
/// </summary>
internal sealed class DefaultsKeeper(KubeApi api, OperatorOptions options, ILoggerFactory loggers, TimeProvider clock) : ILeaderTask
{
    /// <summary>Far longer than <c>kubectl replace --force</c> takes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A namespace that is being deleted takes nothing; a server that is away neither.
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly ILogger _log = loggers.CreateLogger<DefaultsKeeper>();
    private readonly EventPublisher _events = new(api, "turnpike.io/operator", options.PodName, loggers.CreateLogger<EventPublisher>(), clock);

    public async Task RunAsync(CancellationToken term)
    {
        var objects = DefaultObjects.Of(options.Profile);
        using var queue = new WorkQueue<int>(clock);
        var informers = objects.Select((wanted, index) => Watch(wanted, change =>
        {
            if (change.New is null)
                queue.AddAfter(index, Patience);
            else
                queue.Add(index);
        })).ToList();
        var loop = new ReconcileLoop<int>("defaults", queue, (index, ct) => ReconcileAsync(objects[index], informers[index], ct), new(), _log, clock);
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
                await TellOfForeignClassAsync(wanted, found, controller, ct);
            return null;
        }
        try
        {
            await api.CreateAsync(wanted.Resource, wanted.Key.Namespace, (JsonNode)wanted.Body.DeepClone(), WriteOptions.Default with { FieldManager = Deployed.FieldManager }, ct);
            _log.DefaultMade(wanted.Resource.Kind, wanted.Key.ToString());
            return null;
        }
        catch (KubeStatusException e) when (e.Reason == "AlreadyExists")
        {
            // Somebody was quicker, and the watch will say so.
            return null;
        }
        catch (KubeStatusException e)
        {
            _log.DefaultNotMade(wanted.Resource.Kind, wanted.Key.ToString(), e.Message);
            return Retry;
        }
    }

    private async Task TellOfForeignClassAsync(DefaultObject wanted, Found found, string controller, CancellationToken ct)
    {
        var note = $"IngressClass {wanted.Key.Name} belongs to the controller {controller}, so Turnpike leaves the Ingresses of this class to it; "
            + $"ingressClass in ConfigMap {options.Profile.MeshConfigMap} names another class";
        _log.ForeignClass(note);
        await _events.PublishAsync(new EventSubject(wanted.Resource, wanted.Key, found.Uid), EventSeverity.Warning, "ForeignIngressClass", "Adopt", note, ct);
    }

    /// <summary>Each object by its name: no others are our business.</summary>
    private Informer<Found> Watch(DefaultObject wanted, Action<ObjectChange<Found>> changed)
    {
        var informer = new Informer<Found>(
            api,
            wanted.Resource,
            Found.Of,
            new InformerOptions { Query = new ResourceQuery { Namespace = wanted.Key.Namespace.Length == 0 ? null : wanted.Key.Namespace, FieldSelector = $"metadata.name={wanted.Key.Name}" } },
            loggers.CreateLogger<Informer<Found>>(),
            clock);
        informer.AddHandler(changed);
        return informer;
    }

    /// <param name="Controller">Of an IngressClass; null for other kinds.</param>
    private sealed record Found(string Uid, string? Controller)
    {
        public static Found Of(JsonElement json) => new(json.Uid(), json.Child("spec")?.Text("controller"));
    }
}
