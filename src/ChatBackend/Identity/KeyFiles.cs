using System.Text;
using System.Xml;
using System.Xml.Linq;
using ChatBackend.Storage;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Identity;

/// <summary>
/// The keys of the tokens, one file each in <c>keys/</c>. The framework's own repository does not sync what it writes: after a power cut
/// a key is an empty file, the server does not start and every token is void.
/// </summary>
internal sealed partial class KeyFiles(DataDirectory data, ILogger<KeyFiles> logger) : IXmlRepository
{
    public const string Folder = "keys";

    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Directory.EnumerateFiles(data.CreateFolder(Folder), "*.xml").Order(StringComparer.Ordinal).Select(Read).OfType<XElement>()];

    public void StoreElement(XElement element, string friendlyName)
    {
        data.CreateFolder(Folder);
        var name = IsFileName(friendlyName) ? friendlyName : Guid.NewGuid().ToString();
        data.Write(Path.Combine(Folder, $"{name}.xml"), Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting)));
    }

    private XElement? Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return XElement.Load(file);
        }
        catch (XmlException ex)
        {
            // Kept for the operator to inspect; the other keys are used.
            var aside = path + ".unreadable";
            File.Move(path, aside, overwrite: true);
            LogUnreadable(path, aside, ex.Message);
            return null;
        }
    }

    private static bool IsFileName(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    [LoggerMessage(LogLevel.Warning, "The key file {Path} cannot be read ({Reason}) and was set aside as {Aside}; tokens that were issued under it are refused. Put a copy of it back if there is one, and restart.")]
    private partial void LogUnreadable(string path, string aside, string reason);
}
