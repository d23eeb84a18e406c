using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ChatBackend.Storage.Sqlite.Migrations
{
    /// <inheritdoc />
    internal sealed partial class TextsWithCommit : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER texts_inserted;");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(TextsInserted);
        }
    }
}
