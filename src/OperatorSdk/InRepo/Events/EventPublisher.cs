using k8s;
using k8s.Models;

namespace KubeOps.Abstractions.Events;

public enum EventType
{
    Normal,
    Warning,
}

/// <summary>Publishes an event about an entity. To be had from the services.</summary>
public delegate Task EventPublisher(
    IKubernetesObject<V1ObjectMeta> entity,
    string reason,
    string message,
    EventType type = EventType.Normal,
    CancellationToken cancellationToken = default);
