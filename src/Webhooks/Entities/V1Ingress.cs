using System.Text.Json.Serialization;
using k8s.Models;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Entities.Attributes;
using Turnpike.Api.Ingresses;

namespace Turnpike.Webhooks.Entities;

/// <summary>An Ingress, of whatever class. The client library's own type of this name drops what it does not know.</summary>
[KubernetesEntity(Group = "networking.k8s.io", ApiVersion = "v1", Kind = IngressReader.Kind, PluralName = "ingresses")]
[EntityScope(EntityScope.Namespaced)]
[JsonConverter(typeof(RawEntityConverter<V1Ingress>))]
public sealed class V1Ingress : RawEntity;
