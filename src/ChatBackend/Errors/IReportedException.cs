namespace ChatBackend.Errors;

/// <summary>An exception that was logged where it arose; it is not logged again.</summary>
internal interface IReportedException;
