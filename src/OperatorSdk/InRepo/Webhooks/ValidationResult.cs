namespace KubeOps.Operator.Web.Webhooks.Admission
{
    /// <summary>The message to the user, and the HTTP status.</summary>
    public sealed record AdmissionStatus(string Message, int? Code = 200);
}

namespace KubeOps.Operator.Web.Webhooks.Admission.Validation
{
    /// <summary>Whether an entity is valid, with a message and warnings to the user.</summary>
    public record ValidationResult(bool Valid = true)
    {
        public AdmissionStatus? Status { get; init; }

        public IList<string> Warnings { get; init; } = [];
    }
}
