/*
 * export.c
 *		Heads of the tree for keeping outside: a signed note (C2SP signed-note, tlog-checkpoint).
 *
 * The text is the origin, the number of leaves, the root in base64, each a line. Where dwh_ext.audit_key_file names an Ed25519 key,
 * an empty line and a signature line follow. The key stands in a file of the server, never in the database.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/base64.h"
#include "fmgr.h"
#include "storage/fd.h"
#include "utils/builtins.h"

#include "audit/tree.h"
#include "common/guc.h"
#include "common/owner.h"
#include "common/spi.h"

#define KEY_FILE_LIMIT		16384
#define ED25519_KEY_SIZE	32
#define ED25519_SIGNATURE	64
#define NOTE_ED25519		1	/* kind of key, in its hash */
#define KEY_HASH_SIZE		4

PG_FUNCTION_INFO_V1(dwh_sql_export_tree_head);

/* Raises F0000: the key cannot be used. The reason never quotes what the file holds. */
static void
raise_key(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIG_FILE_ERROR),
			 errmsg("the head of the tree cannot be signed"),
			 errdetail("The file of dwh_ext.audit_key_file %s.", why),
			 errhint("Make one with: openssl genpkey -algorithm ed25519, readable by the server only.")));
}

/* Reads the key's file. Must be freed. */
static EVP_PKEY *
read_key(void)
{
	FILE	   *file = AllocateFile(dwh_audit_key_file, "r");
	char		pem[KEY_FILE_LIMIT];
	size_t		size;
	BIO		   *bio;
	EVP_PKEY   *key;

	if (file == NULL)
		raise_key("cannot be opened");
	size = fread(pem, 1, sizeof(pem), file);
	FreeFile(file);
	bio = BIO_new_mem_buf(pem, (int) size);
	key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, "");
	BIO_free(bio);
	explicit_bzero(pem, sizeof(pem));
	if (key == NULL)
		raise_key("holds no private key in PEM form without a passphrase");
	if (EVP_PKEY_id(key) != EVP_PKEY_ED25519)
	{
		EVP_PKEY_free(key);
		raise_key("holds a key that is not Ed25519");
	}
	return key;
}

/* The first bytes of a signature: which key made it. */
static void
hash_key(const char *name, const uint8 *public_key, uint8 *hash)
{
	StringInfoData bytes;
	uint8		digest[DWH_HASH_SIZE];

	initStringInfo(&bytes);
	appendStringInfo(&bytes, "%s\n%c", name, NOTE_ED25519);
	appendBinaryStringInfo(&bytes, (const char *) public_key, ED25519_KEY_SIZE);
	dwh_sha256(bytes.data, bytes.len, NULL, 0, digest);
	memcpy(hash, digest, KEY_HASH_SIZE);
}

static void
append_base64(StringInfo note, const uint8 *bytes, int size)
{
	int			room = pg_b64_enc_len(size) + 1;
	char	   *text = palloc(room);
	int			length = pg_b64_encode((const void *) bytes, size, text, room);

	appendBinaryStringInfo(note, text, length);
	pfree(text);
}

/* Adds the signature line over the note as it is. */
static void
sign_note(StringInfo note, const char *name)
{
	EVP_PKEY   *key = read_key();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8		public[ED25519_KEY_SIZE];
	uint8		signature[KEY_HASH_SIZE + ED25519_SIGNATURE];
	size_t		public_size = sizeof(public);
	size_t		size = ED25519_SIGNATURE;
	bool		is_signed;

	is_signed = context != NULL &&
		EVP_PKEY_get_raw_public_key(key, public, &public_size) == 1 &&
		EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
		EVP_DigestSign(context, signature + KEY_HASH_SIZE, &size, (uint8 *) note->data, note->len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	if (!is_signed)
		raise_key("holds a key that does not sign");
	hash_key(name, public, signature);
	appendStringInfo(note, "\n\342\200\224 %s ", name);
	append_base64(note, signature, sizeof(signature));
	appendStringInfoChar(note, '\n');
}

/*
 * Raises 55000 where this transaction has itself sealed the last leaf of the tree: a rollback would leave a signed head outside that the log never had.
 * Inside SPI, as dwh_owner.
 */
static void
require_committed(int64 size)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1];
	bool		is_null;

	values[0] = Int64GetDatum(size - 1);
	if (dwh_spi_select("SELECT xmin FROM dwh_log.audit_leaf WHERE leaf_index = $1", 1, types, values, NULL, false) != 1)
		return;
	if (TransactionIdIsCurrentTransactionId(DatumGetTransactionId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null))))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the head of a tree that is not committed is not signed"),
				 errdetail("This transaction has sealed leaf " INT64_FORMAT ".", size - 1),
				 errhint("Commit first.")));
}

/*
 * dwh.export_tree_head(size): NULL asks for all leaves. Raises 22023 for a size that is not there, 55000 for leaves of this transaction, F0000
 * where the key is unusable.
 */
Datum
dwh_sql_export_tree_head(PG_FUNCTION_ARGS)
{
	DwhOwnerSwitch owner;
	StringInfoData note;
	DwhHash		root;
	char	   *origin;
	int64		stored;
	int64		size;

	initStringInfo(&note);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	stored = dwh_tree_size();
	size = PG_ARGISNULL(0) ? stored : PG_GETARG_INT64(0);
	if (size < 0 || size > stored)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no tree of " INT64_FORMAT " leaves", size),
				 errdetail("The tree of the log has " INT64_FORMAT " leaves.", stored),
				 errhint("Give a size from 0 to " INT64_FORMAT ".", stored)));
	if (dwh_audit_key_file[0] != '\0')
		require_committed(size);
	dwh_tree_root_at(size, &root);
	if (dwh_spi_select("SELECT pg_catalog.to_char(created_at AT TIME ZONE 'UTC', '\"dwh_ext/\"YYYYMMDD\"T\"HH24MISS\"Z\"')"
					   " FROM dwh_catalog.warehouse", 0, NULL, NULL, NULL, false) != 1)
		dwh_raise_no_warehouse_row();
	origin = dwh_spi_text(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	appendStringInfo(&note, "%s\n" INT64_FORMAT "\n", origin, size);
	append_base64(&note, root.bytes, sizeof(root.bytes));
	appendStringInfoChar(&note, '\n');
	if (dwh_audit_key_file[0] != '\0')
		sign_note(&note, origin);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(note.data, note.len));
}
