namespace ChatBackend.Errors;

/// <summary>An exception of which the operator was told where it arose: nobody else logs it.</summary>
internal interface IReportedException;
