namespace OrleansScheduler.Core;

/// <summary>The stable codes of everything that can be wrong with a job file.</summary>
internal static class JobCode
{
    // The file as a whole, or its form.
    public const string BodyRequired = "body-required";
    public const string FileTooLarge = "file-too-large";
    public const string InvalidUtf8 = "invalid-utf8";
    public const string Syntax = "syntax";
    public const string DuplicateKey = "duplicate-key";
    public const string TagUnsupported = "tag-unsupported";
    public const string TooDeep = "too-deep";
    public const string TooManyAliases = "too-many-aliases";
    public const string TooManyDocuments = "too-many-documents";
    public const string TooManyErrors = "too-many-errors";

    // Any field.
    public const string UnknownField = "unknown-field";
    public const string UnknownValue = "unknown-value";
    public const string TypeMismatch = "type-mismatch";
    public const string Required = "required";
    public const string BelowMinimum = "below-minimum";
    public const string AboveMaximum = "above-maximum";
    public const string NumberOutOfRange = "number-out-of-range";
    public const string BadQuantity = "bad-quantity";
    public const string ControlCharacter = "control-character";
    public const string TooLong = "too-long";
    public const string NotForType = "not-for-type";
    public const string NotForDriver = "not-for-driver";
    public const string NotSupportedYet = "not-supported-yet";

    // One field or group of fields.
    public const string BadName = "bad-name";
    public const string DuplicateJob = "duplicate-job";
    public const string ArithmeticOverflow = "arithmetic-overflow";
    public const string CronInvalid = "cron-invalid";
    public const string CronNeverFires = "cron-never-fires";
    public const string TimezoneUnknown = "timezone-unknown";
    public const string CommandEmpty = "command-empty";
    public const string ArgTooLong = "arg-too-long";
    public const string EnvName = "env-name";
    public const string EnvForbidden = "env-forbidden";
    public const string EnvTooLong = "env-too-long";
    public const string UndefinedBinding = "undefined-binding";
    public const string PortName = "port-name";
    public const string PortDuplicate = "port-duplicate";
    public const string ImageName = "image-name";
    public const string ContainerPort = "container-port";
    public const string VolumePath = "volume-path";
    public const string ArtifactSource = "artifact-source";
    public const string ArtifactChecksum = "artifact-checksum";
    public const string ArtifactDest = "artifact-dest";
    public const string ArtifactMode = "artifact-mode";
    public const string HealthKind = "health-kind";
    public const string HealthPath = "health-path";
    public const string HealthPortUnknown = "health-port-unknown";
    public const string KillPath = "kill-path";
    public const string KillPortMissing = "kill-port-missing";
    public const string TemplatePath = "template-path";
    public const string TemplateReference = "template-reference";
    public const string TemplateSignal = "template-signal";
    public const string ConstraintSyntax = "constraint-syntax";
    public const string AffinityToItself = "affinity-to-itself";
    public const string DedicatedRole = "dedicated-role";
    public const string SlaKind = "sla-kind";
    public const string ScaleBounds = "scale-bounds";
    public const string ScaleTarget = "scale-target";
    public const string SlaCoordinator = "sla-coordinator";
    public const string ParameterName = "parameter-name";
    public const string ParameterRequired = "parameter-required";
    public const string ParameterUnknown = "parameter-unknown";
    public const string DependencyKey = "dependency-key";
    public const string DependencyTwice = "dependency-twice";
    public const string DependencyCycle = "dependency-cycle";
    public const string ProcessesOrCommand = "processes-or-command";
    public const string ProcessOrder = "process-order";
    public const string InstancesSyntax = "instances-syntax";
    public const string UpdateStrategy = "update-strategy";
    public const string SlaRequired = "sla-required";

    /// <summary>What makes a file unreadable, rather than readable and wrong.</summary>
    public static bool IsMalformed(string code) => code is BodyRequired or InvalidUtf8 or Syntax or DuplicateKey or TagUnsupported
        or TooDeep or TooManyAliases or TooManyDocuments;
}
