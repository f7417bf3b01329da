namespace KubeOps.Operator.Web.Webhooks.Admission.Validation;

/// <summary>Serves a <see cref="ValidationWebhook{TEntity}"/> at <c>/validate/</c> and the entity type's name in lower case.</summary>
[AttributeUsage(AttributeTargets.Class)]
public class ValidationWebhookAttribute(Type entityType) : Attribute
{
    public Uri Uri { get; } = new("/validate/" + entityType.Name.ToLowerInvariant(), UriKind.Relative);
}
