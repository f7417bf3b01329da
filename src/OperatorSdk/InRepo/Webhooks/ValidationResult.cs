namespace KubeOps.Operator.Web.Webhooks.Admission
{
    /// <summary>What the user is told besides yes or no.</summary>
    public sealed record AdmissionStatus(string Message, int? Code = 200);
}

namespace KubeOps.Operator.Web.Webhooks.Admission.Validation
{
    /// <summary>Whether an entity is valid, and what the user is told.</summary>
    public record ValidationResult(bool Valid = true)
    {
        public AdmissionStatus? Status { get; init; }

        public IList<string> Warnings { get; init; } = [];
    }
}
