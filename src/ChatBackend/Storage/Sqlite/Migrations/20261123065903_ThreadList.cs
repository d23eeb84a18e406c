using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ChatBackend.Storage.Sqlite.Migrations
{
    /// <inheritdoc />
    internal sealed partial class ThreadList : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_texts_thread_key",
                table: "texts");

            migrationBuilder.AddColumn<bool>(
                name: "archived",
                table: "threads",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "deleted",
                table: "threads",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "history_begins",
                table: "threads",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1L);

            migrationBuilder.AddColumn<string>(
                name: "title",
                table: "threads",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "event_ids",
                columns: table => new
                {
                    thread_key = table.Column<long>(type: "INTEGER", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    seq = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_event_ids", x => new { x.thread_key, x.id });
                    table.ForeignKey(
                        name: "FK_event_ids_threads_thread_key",
                        column: x => x.thread_key,
                        principalTable: "threads",
                        principalColumn: "key",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_threads_deleted",
                table: "threads",
                column: "deleted",
                filter: "deleted <> 0");

            migrationBuilder.CreateIndex(
                name: "ix_threads_owner",
                table: "threads",
                columns: new[] { "owner", "archived", "updated_at" });

            migrationBuilder.CreateIndex(
                name: "ix_texts_thread_seq",
                table: "texts",
                columns: new[] { "thread_key", "seq" });

            migrationBuilder.Sql(EventIds);
            migrationBuilder.Sql(SecureDelete);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("INSERT INTO search (search, rank) VALUES ('secure-delete', 0)");
            migrationBuilder.DropTable(
                name: "event_ids");

            migrationBuilder.DropIndex(
                name: "ix_threads_deleted",
                table: "threads");

            migrationBuilder.DropIndex(
                name: "ix_threads_owner",
                table: "threads");

            migrationBuilder.DropIndex(
                name: "ix_texts_thread_seq",
                table: "texts");

            migrationBuilder.DropColumn(
                name: "archived",
                table: "threads");

            migrationBuilder.DropColumn(
                name: "deleted",
                table: "threads");

            migrationBuilder.DropColumn(
                name: "history_begins",
                table: "threads");

            migrationBuilder.DropColumn(
                name: "title",
                table: "threads");

            migrationBuilder.CreateIndex(
                name: "ix_texts_thread_key",
                table: "texts",
                column: "thread_key");
        }
    }
}
