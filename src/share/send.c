/*
 * send.c
 *		HTTP transfers of the share worker: see send.h.
 *
 * TLS is verified always; a redirect is never followed; proxies of the environment are ignored; the address is judged when the
 * socket is opened and again before each request (guard.c); the answer to a message is counted and thrown away, up to ANSWER_LIMIT
 * bytes, that to a fetch is kept, up to FETCH_LIMIT bytes after decompression. Signals are blocked while libcurl runs, so that its
 * resolver's threads, which inherit the mask, never run a handler of PostgreSQL's.
 *
 * The body is signed: header Dwh-Signature is "t=SECONDS,v1=HEX", HEX being HMAC-SHA-256 of "SECONDS.IDEMPOTENCY_KEY.BODY" under the
 * content of file NAME.hmac; BODY is what travels, compressed or not, and empty of a fetch. Keys are read for each transfer, so that changing a file is enough, and are kept nowhere.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/ilist.h"
#include "libpq/pqsignal.h"
#include "portability/instr_time.h"
#include "storage/fd.h"

#include "audit/audit.h"
#include "common/guc.h"
#include "share/send.h"

#define ANSWER_LIMIT		(64 * 1024)
#define FETCH_LIMIT			(64 * 1024 * 1024)
#define SECRET_LIMIT		1024
#define SECRET_LEAST		16
#define CONNECT_MS			10000L
#define CONNECTION_SECONDS	60L /* a connection is not used again after */
#define NAME_SECONDS		10L /* a name is asked for again after */
#define YOUNG_MS			1000

/* One transfer; malloc'ed, as everything it points to, and freed by send_free(). */
typedef struct Send
{
	dlist_node	node;
	int64		outbox_id;
	int32		agreement_id;
	int32		agency_id;
	CURL	   *easy;			/* NULL where it could not be prepared */
	struct curl_slist *headers;
	char	   *body;
	size_t		body_length;
	DwhGuard	guard;
	bool		has_fd;			/* AcquireExternalFD() */
	bool		is_in_multi;
	bool		is_guarded;		/* an address was refused */
	bool		was_allowed;	/* and another one was not */
	bool		is_too_long;	/* the answer */
	bool		is_fetch;
	bool		is_zipped;		/* the answer */
	bool		is_strange;		/* the answer, compressed in a way that was not asked for */
	bool		is_out_of_memory;
	size_t		answer_bytes;
	char	   *content;		/* of a fetch */
	size_t		content_length;
	size_t		content_size;
	instr_time	started;
	char		error[CURL_ERROR_SIZE];
	DwhSendOutcome outcome;
} Send;

static CURLM *multi;
static dlist_head prepared = DLIST_STATIC_INIT(prepared);
static dlist_head running = DLIST_STATIC_INIT(running);
static dlist_head done = DLIST_STATIC_INIT(done);

/* Makes libcurl ready in this process. */
void
dwh_send_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (multi = curl_multi_init()) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not start libcurl")));
	(void) curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 256L);
}

/* ------------------------------------------------------------------ callbacks: they only count and set flags */

static curl_socket_t
open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	Send	   *send = data;

	if (!dwh_guard_allows(&send->guard, &address->addr))
	{
		send->is_guarded = true;
		return CURL_SOCKET_BAD;
	}
	send->was_allowed = true;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/*
 * Judges the address of the connection that the request is about to be written to. A connection that is used again was opened under the
 * list of then, perhaps before the name moved or the list was changed; libcurl calls this for it too.
 */
static int
before_request(void *data, char *remote, char *local, int remote_port, int local_port)
{
	Send	   *send = data;

	if (dwh_guard_allows_text(&send->guard, remote))
		return CURL_PREREQFUNC_OK;
	send->is_guarded = true;
	send->was_allowed = false;
	return CURL_PREREQFUNC_ABORT;
}

static size_t
count_answer(char *bytes, size_t size, size_t n, void *data)
{
	Send	   *send = data;

	send->answer_bytes += size * n;
	if (send->answer_bytes > ANSWER_LIMIT)
	{
		send->is_too_long = true;
		return 0;
	}
	return size * n;
}

/* Counts the header of an answer and sees how its content is compressed. */
static size_t
read_header(char *bytes, size_t size, size_t n, void *data)
{
	static const char name[] = "content-encoding:";
	Send	   *send = data;
	size_t		length = size * n;
	size_t		at = sizeof(name) - 1;

	/* Another answer begins. */
	if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
		send->is_zipped = send->is_strange = false;
	if (length > at && strncasecmp(bytes, name, at) == 0)
	{
		while (at < length && strchr(" \t", bytes[at]) != NULL)
			at++;
		while (length > at && strchr(" \t\r\n", bytes[length - 1]) != NULL)
			length--;
		if (length - at == 4 && strncasecmp(bytes + at, "gzip", 4) == 0)
			send->is_zipped = true;
		else if (length > at && !(length - at == 8 && strncasecmp(bytes + at, "identity", 8) == 0))
			send->is_strange = true;
	}
	return count_answer(bytes, size, n, data);
}

/* Makes room for so many bytes of the answer. */
static bool
make_room(char **content, size_t *content_size, size_t needed)
{
	size_t		larger = Max(needed, Max(*content_size * 2, 16384));
	char	   *moved;

	if (needed <= *content_size)
		return true;
	if ((moved = realloc(*content, larger)) == NULL)
		return false;
	*content = moved;
	*content_size = larger;
	return true;
}

/* Keeps the answer to a fetch. The answer to anything but 200 is of no use. */
static size_t
keep_answer(char *bytes, size_t size, size_t n, void *data)
{
	Send	   *send = data;
	size_t		length = size * n;
	size_t		needed = send->content_length + length;

	if (needed > FETCH_LIMIT)
	{
		send->is_too_long = true;
		return 0;
	}
	if (!make_room(&send->content, &send->content_size, needed))
	{
		send->is_out_of_memory = true;
		return 0;
	}
	memcpy(send->content + send->content_length, bytes, length);
	send->content_length = needed;
	return length;
}

/* ------------------------------------------------------------------ preparing */

static void
send_free(Send *send)
{
	if (send->is_in_multi)
		(void) curl_multi_remove_handle(multi, send->easy);
	if (send->easy != NULL)
		curl_easy_cleanup(send->easy);
	curl_slist_free_all(send->headers);
	if (send->has_fd)
		ReleaseExternalFD();
	free(send->body);
	free(send->content);
	free(send);
}

static void
settle(Send *send, DwhSendResult result, const char *reason)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, send->started);
	send->outcome.result = result;
	send->outcome.duration_ms = (int64) INSTR_TIME_GET_MILLISEC(now);
	dwh_record_text(send->outcome.reason, sizeof(send->outcome.reason), reason);
	if (send->is_in_multi)
	{
		(void) curl_multi_remove_handle(multi, send->easy);
		send->is_in_multi = false;
	}
	dlist_delete(&send->node);
	dlist_push_tail(&done, &send->node);
}

/* The path of a file of the credential, where it exists. */
static bool
credential_file(char *path, size_t size, const char *credential, const char *suffix)
{
	struct stat st;

	(void) snprintf(path, size, "%s/%s.%s", dwh_share_credentials, credential, suffix);
	return stat(path, &st) == 0;
}

/* Reads the secret. Returns its length, or -1 with the reason. */
static int
read_secret(const char *credential, unsigned char *secret, const char **why)
{
	char		path[MAXPGPATH];
	struct stat st;
	int			fd;
	int			length;

	*why = "không đọc được tệp khóa ký | the file of the signing key cannot be read";
	if (!credential_file(path, sizeof(path), credential, "hmac"))
		return -1;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
	{
		*why = "tệp khóa ký mở cho người khác | the file of the signing key is open to others";
		close(fd);
		return -1;
	}
	if (st.st_size > SECRET_LIMIT)
	{
		*why = "khóa ký quá dài | the signing key is too long";
		close(fd);
		return -1;
	}
	length = (int) read(fd, secret, SECRET_LIMIT);
	close(fd);
	while (length > 0 && (secret[length - 1] == '\n' || secret[length - 1] == '\r'))
		length--;
	if (length >= SECRET_LEAST)
		return length;
	*why = "khóa ký quá ngắn | the signing key is too short";
	return -1;
}

static bool
add_header(Send *send, const char *name, const char *value)
{
	char		line[1200];
	struct curl_slist *longer;

	if (snprintf(line, sizeof(line), "%s: %s", name, value) >= (int) sizeof(line))
		return false;
	if ((longer = curl_slist_append(send->headers, line)) == NULL)
		return false;
	send->headers = longer;
	return true;
}

/* Signs the body. Returns NULL, or why not. */
static const char *
add_signature(Send *send, const DwhSendJob *job)
{
	unsigned char secret[SECRET_LIMIT];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int mac_length = 0;
	char		value[64 + 2 * EVP_MAX_MD_SIZE];
	char		start[128];
	const char *why;
	int			length = read_secret(job->credential, secret, &why);
	int			at;
	HMAC_CTX   *context;
	bool		is_good;

	if (length < 0)
		return why;
	(void) snprintf(start, sizeof(start), INT64_FORMAT ".%s.", (int64) time(NULL), job->idempotency_key);
	context = HMAC_CTX_new();
	is_good = context != NULL && HMAC_Init_ex(context, secret, length, EVP_sha256(), NULL) == 1 &&
		HMAC_Update(context, (const unsigned char *) start, strlen(start)) == 1 &&
		HMAC_Update(context, (const unsigned char *) send->body, send->body_length) == 1 &&
		HMAC_Final(context, mac, &mac_length) == 1;
	HMAC_CTX_free(context);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (!is_good)
		return "không ký được nội dung | the body could not be signed";
	at = snprintf(value, sizeof(value), "t=%.*s,v1=", (int) strcspn(start, "."), start);
	for (unsigned int i = 0; i < mac_length; i++)
		at += snprintf(value + at, sizeof(value) - at, "%02x", mac[i]);
	return add_header(send, "Dwh-Signature", value) ? NULL : "out of memory";
}

/* Puts the body into the transfer, compressed where that is wanted. */
static bool
take_body(Send *send, const DwhSendJob *job)
{
	const char *body = job->is_fetch ? "" : job->body;
	z_stream	stream = {0};
	bool		is_good;

	send->body_length = strlen(body);
	if (!job->is_compressed || job->is_fetch)
		return (send->body = strdup(body)) != NULL;
	/* 16: a header of gzip */
	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	stream.next_in = (Bytef *) body;
	stream.avail_in = (uInt) send->body_length;
	stream.avail_out = (uInt) deflateBound(&stream, send->body_length);
	stream.next_out = (Bytef *) (send->body = malloc(stream.avail_out));
	is_good = send->body != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
	send->body_length = stream.total_out;
	(void) deflateEnd(&stream);
	return is_good && add_header(send, "Content-Encoding", "gzip");
}

/* Sets every option. Returns NULL, or why not. */
static const char *
prepare(Send *send, const DwhSendJob *job)
{
	char		path[MAXPGPATH];
	const char *protocol = job->is_plain ? "http" : "https";
	const char *why;
	bool		is_good = true;
	CURL	   *easy;

	if (dwh_share_credentials[0] == '\0')
		return "dwh_ext.share_credentials chưa đặt | dwh_ext.share_credentials is empty";
	if (!dwh_guard_parse(&send->guard, job->networks))
		return "danh sách mạng riêng không đọc được | the list of private networks cannot be read";
	send->guard.is_plain = job->is_plain;
	if ((send->has_fd = AcquireExternalFD()) == false)
		return "hết tệp mở được | no more files can be opened";
	send->is_fetch = job->is_fetch;
	if (!take_body(send, job) || (easy = send->easy = curl_easy_init()) == NULL)
		return "out of memory";
	if (job->is_fetch && !add_header(send, "Accept-Encoding", "gzip"))
		return "out of memory";
	if (!add_header(send, job->is_fetch ? "Accept" : "Content-Type", job->content_type) || !add_header(send, "Idempotency-Key", job->idempotency_key) ||
		!add_header(send, "Expect", ""))
		return "out of memory";
	if ((why = add_signature(send, job)) != NULL)
		return why;

#define SET(option, value) (is_good = is_good && curl_easy_setopt(easy, option, value) == CURLE_OK)
	SET(CURLOPT_PRIVATE, send);
	SET(CURLOPT_URL, job->url);
	SET(CURLOPT_PROTOCOLS_STR, protocol);
	SET(CURLOPT_REDIR_PROTOCOLS_STR, protocol);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CONNECTTIMEOUT_MS, Min(CONNECT_MS, (long) job->timeout_ms));
	SET(CURLOPT_TIMEOUT_MS, (long) job->timeout_ms);
	SET(CURLOPT_MAXLIFETIME_CONN, CONNECTION_SECONDS);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) (job->is_fetch ? FETCH_LIMIT : ANSWER_LIMIT));
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, send);
	SET(CURLOPT_PREREQFUNCTION, before_request);
	SET(CURLOPT_PREREQDATA, send);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, NAME_SECONDS);
	SET(CURLOPT_QUICK_EXIT, 1L);	/* who gives up does not wait for a slow resolver */
	SET(CURLOPT_WRITEFUNCTION, job->is_fetch ? keep_answer : count_answer);
	SET(CURLOPT_WRITEDATA, send);
	SET(CURLOPT_HEADERFUNCTION, read_header);
	SET(CURLOPT_HEADERDATA, send);
	SET(CURLOPT_ERRORBUFFER, send->error);
	SET(CURLOPT_USERAGENT, "dwh_ext");
	if (job->is_fetch)
	{
		SET(CURLOPT_HTTPGET, 1L);
	}
	else
	{
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) send->body_length);
		SET(CURLOPT_POSTFIELDS, send->body);
	}
	SET(CURLOPT_HTTPHEADER, send->headers);
	if (job->max_bytes_s > 0)
		SET(job->is_fetch ? CURLOPT_MAX_RECV_SPEED_LARGE : CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t) job->max_bytes_s);
	if (credential_file(path, sizeof(path), job->credential, "ca"))
	{
		/* instead of the system's authorities, of which libcurl has a file and a folder */
		SET(CURLOPT_CAINFO, path);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (credential_file(path, sizeof(path), job->credential, "crt"))
	{
		SET(CURLOPT_SSLCERT, path);
		if (credential_file(path, sizeof(path), job->credential, "key"))
			SET(CURLOPT_SSLKEY, path);
	}
#undef SET
	return is_good ? NULL : "libcurl không nhận thiết lập | libcurl refused an option";
}

/* Makes a transfer ready; it begins with dwh_send_go(). What cannot be made ready is done at once, with its outcome. */
void
dwh_send_add(const DwhSendJob *job)
{
	Send	   *send = calloc(1, sizeof(Send));
	const char *why;

	if (send == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	send->outbox_id = send->outcome.outbox_id = job->outbox_id;
	send->agreement_id = job->agreement_id;
	send->agency_id = job->agency_id;
	INSTR_TIME_SET_CURRENT(send->started);
	dlist_push_tail(&prepared, &send->node);
	if ((why = prepare(send, job)) != NULL)
		settle(send, DWH_SEND_RETRY, why);
}

/* Begins what was made ready. To be called when the intents are committed. */
void
dwh_send_go(void)
{
	while (!dlist_is_empty(&prepared))
	{
		Send	   *send = dlist_container(Send, node, dlist_pop_head_node(&prepared));

		dlist_push_tail(&running, &send->node);
		INSTR_TIME_SET_CURRENT(send->started);
		if (curl_multi_add_handle(multi, send->easy) == CURLM_OK)
			send->is_in_multi = true;
		else
			settle(send, DWH_SEND_RETRY, "libcurl không nhận yêu cầu | libcurl refused the transfer");
	}
}

/* ------------------------------------------------------------------ running */

/*
 * Unpacks the answer to a fetch: one gzip or several, each to its end and with the right checksum, which libcurl's own unpacking does not
 * ask for. Returns NULL, or why not.
 */
static const char *
unpack(Send *send)
{
	z_stream	stream = {0};
	char	   *plain = NULL;
	size_t		plain_size = 0;
	size_t		length = 0;
	int			code = Z_OK;
	const char *why = NULL;

	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return "out of memory";
	stream.next_in = (Bytef *) send->content;
	stream.avail_in = (uInt) send->content_length;
	while (why == NULL && (code != Z_STREAM_END || stream.avail_in > 0))
	{
		if (code == Z_STREAM_END)
			(void) inflateReset(&stream);
		if (length >= FETCH_LIMIT)
			why = "trả lời quá dài | the answer is too long";
		else if (!make_room(&plain, &plain_size, length + 16384))
			why = "out of memory";
		else
		{
			size_t		room = Min(plain_size, FETCH_LIMIT) - length;

			stream.next_out = (Bytef *) plain + length;
			stream.avail_out = (uInt) room;
			code = inflate(&stream, Z_NO_FLUSH);
			length += room - stream.avail_out;
			if (code != Z_OK && code != Z_STREAM_END)
				why = "nội dung nén bị hỏng | the compressed content is broken";
		}
	}
	(void) inflateEnd(&stream);
	if (why != NULL)
	{
		free(plain);
		return why;
	}
	free(send->content);
	send->content = plain;
	send->content_length = length;
	return NULL;
}

/* Hands the answer to a fetch over with the outcome. The media type is the supplier's word: nothing but plain characters is believed. */
static void
give_content(Send *send)
{
	char	   *type = NULL;

	strlcpy(send->outcome.content_type, "application/octet-stream", sizeof(send->outcome.content_type));
	if (curl_easy_getinfo(send->easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != NULL && type[0] != '\0' &&
		strlen(type) < sizeof(send->outcome.content_type) &&
		strspn(type, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-/;= \"") == strlen(type))
		strlcpy(send->outcome.content_type, type, sizeof(send->outcome.content_type));
	send->outcome.content = send->content != NULL ? send->content : calloc(1, 1);
	send->outcome.content_length = send->content_length;
	send->content = NULL;
}

/* Judges a transfer that libcurl has ended. */
static void
judge(Send *send, CURLcode code)
{
	long		http = 0;
	curl_off_t	wait = 0;
	char		reason[sizeof(send->outcome.reason)];

	(void) curl_easy_getinfo(send->easy, CURLINFO_RESPONSE_CODE, &http);
	(void) curl_easy_getinfo(send->easy, CURLINFO_RETRY_AFTER, &wait);
	send->outcome.http = (int32) http;
	send->outcome.wait_ms = wait > 0 ? Min((int64) wait, 86400) * 1000 : 0;
	/* Where one of the name's addresses is allowed, it is that one which failed. */
	if (send->is_guarded && !send->was_allowed && code != CURLE_OK)
		settle(send, DWH_SEND_FAIL, "địa chỉ của nơi nhận không được phép | the receiver's address is not allowed");
	else if (send->is_too_long || code == CURLE_FILESIZE_EXCEEDED)
		settle(send, DWH_SEND_RETRY, "trả lời quá dài | the answer is too long");
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		settle(send, DWH_SEND_RETRY, "chứng thư của nơi nhận không hợp lệ | the receiver's certificate is not valid");
	else if (code == CURLE_OPERATION_TIMEDOUT)
		settle(send, DWH_SEND_RETRY, "quá thời gian | the attempt took too long");
	else if (send->is_out_of_memory)
		settle(send, DWH_SEND_RETRY, "out of memory");
	else if (code != CURLE_OK)
	{
		/* What libcurl says may quote the other side. */
		for (char *c = send->error; *c != '\0'; c++)
			if (*c < ' ' || *c > '~')
				*c = '?';
		(void) snprintf(reason, sizeof(reason), send->is_fetch ? "không lấy được | not fetched: %s" : "không gửi được | not sent: %s",
						send->error[0] != '\0' ? send->error : curl_easy_strerror(code));
		settle(send, DWH_SEND_RETRY, reason);
	}
	else if (send->is_fetch ? http == 200 : http >= 200 && http < 300)
	{
		const char *why = NULL;

		if (send->is_fetch && send->is_strange)
			why = "kiểu nén không yêu cầu | a compression that was not asked for";
		else if (send->is_fetch && send->is_zipped)
			why = unpack(send);
		if (send->is_fetch && why == NULL)
			give_content(send);
		settle(send, why == NULL ? DWH_SEND_SUPPLIED : DWH_SEND_RETRY, why == NULL ? "" : why);
	}
	else
	{
		(void) snprintf(reason, sizeof(reason), "nơi nhận trả lời %ld | the receiver answered %ld", http, http);
		if (http >= 300 && http < 400)
			strlcpy(reason, "nơi nhận chuyển hướng, không theo | the receiver redirects, which is not followed", sizeof(reason));
		settle(send, http == 408 || http == 425 || http == 429 || http >= 500 ? DWH_SEND_RETRY : DWH_SEND_FAIL, reason);
	}
}

/* Judges the transfers that have ended. Returns whether there were any. */
static bool
judge_ended(void)
{
	CURLMsg    *message;
	bool		any = false;
	int			n;

	while ((message = curl_multi_info_read(multi, &n)) != NULL)
	{
		CURLcode	code = message->data.result;
		char	   *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void) curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		judge((Send *) private, code);
		any = true;
	}
	return any;
}

/* Lets the transfers go on. Returns how many still run. */
static int
perform(int wait_ms)
{
	int			n;

	sigprocmask(SIG_SETMASK, &BlockSig, NULL);
	if (wait_ms > 0)
		(void) curl_multi_poll(multi, NULL, 0, wait_ms, NULL);
	(void) curl_multi_perform(multi, &n);
	sigprocmask(SIG_SETMASK, &UnBlockSig, NULL);
	return n;
}

/* Lets the transfers go on, and waits up to wait_ms for news where there are none: a slow transfer holds up no other's outcome. */
void
dwh_send_run(int wait_ms)
{
	int			n = perform(0);

	if (judge_ended() || n == 0 || wait_ms <= 0)
		return;
	(void) perform(wait_ms);
	(void) judge_ended();
}

/* Ends a transfer that runs. */
void
dwh_send_stop(int64 outbox_id, const char *reason)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &running)
	{
		Send	   *send = dlist_container(Send, node, iter.cur);

		if (send->outbox_id == outbox_id)
			settle(send, DWH_SEND_STOPPED, reason);
	}
}

/* Takes an outcome out. Returns whether there was one. */
bool
dwh_send_take(DwhSendOutcome *outcome)
{
	Send	   *send;

	if (dlist_is_empty(&done))
		return false;
	send = dlist_container(Send, node, dlist_pop_head_node(&done));
	*outcome = send->outcome;
	send_free(send);
	return true;
}

/* How many transfers run, and how many of them began less than a second ago. */
int
dwh_send_count(int *young)
{
	dlist_iter	iter;
	instr_time	now;
	int			count = 0;

	INSTR_TIME_SET_CURRENT(now);
	*young = 0;
	dlist_foreach(iter, &running)
	{
		instr_time	age = now;

		INSTR_TIME_SUBTRACT(age, dlist_container(Send, node, iter.cur)->started);
		*young += INSTR_TIME_GET_MILLISEC(age) < YOUNG_MS;
		count++;
	}
	return count;
}

/* The keys of the transfers that run. Returns their number. */
int
dwh_send_ids(int64 *ids, int limit)
{
	dlist_iter	iter;
	int			count = 0;

	dlist_foreach(iter, &running)
	{
		if (count < limit)
			ids[count++] = dlist_container(Send, node, iter.cur)->outbox_id;
	}
	return count;
}

/* The agreement and the agency of each transfer that runs. Returns their number. */
int
dwh_send_busy(int32 *agreements, int32 *agencies, int limit)
{
	dlist_iter	iter;
	int			count = 0;

	dlist_foreach(iter, &running)
	{
		Send	   *send = dlist_container(Send, node, iter.cur);

		if (count == limit)
			break;
		agreements[count] = send->agreement_id;
		agencies[count++] = send->agency_id;
	}
	return count;
}
