using System.Text.Json.Serialization;
using k8s.Models;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Entities.Attributes;
using Turnpike.Api.Ingresses;

namespace Turnpike.Webhooks.Entities;

/// <summary>An Ingress of any class. The client library's type of this name would drop unknown fields.</summary>
[KubernetesEntity(Group = "networking.k8s.io", ApiVersion = "v1", Kind = IngressReader.Kind, PluralName = "ingresses")]
[EntityScope(EntityScope.Namespaced)]
[JsonConverter(typeof(RawEntityConverter<V1Ingress>))]
public sealed class V1Ingress : RawEntity;
