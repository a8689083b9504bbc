# bash completion of immpctl(8)

_immpctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local word skip='' words='' options=''
	local -a said=()

	# The words so far without options and the value of -c.
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ -n $skip ]]; then
			skip=
		elif [[ $word == -c ]]; then
			skip=1
		elif [[ $word != -* ]]; then
			said+=("$word")
		fi
	done

	COMPREPLY=()
	if [[ $prev == -c && ${#said[@]} -eq 0 ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	case ${said[*]-} in
	'') words='quickstart domain account device status limits verify rebuild' ;;
	domain) words='add remove list' ;;
	account)
		words='add remove list show password rename disable enable
			quota storage proof-only'
		;;
	device) words='add list revoke' ;;
	'account proof-only '*) words='yes no' ;;
	'account storage '*) words='central temporary' ;;
	esac
	case ${said[*]-} in
	'') options='-c --version' ;;
	quickstart*) options='--password-stdin --listen-tls' ;;
	'account add'*) options='--quota --password-stdin --generate' ;;
	'account password'*) options='--password-stdin --generate' ;;
	'device add'*) options='--scope' ;;
	'domain remove'* | 'account remove'* | rebuild*) options='--yes' ;;
	esac
	if [[ $cur == -* ]]; then
		words="--json --help $options"
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
} && complete -F _immpctl immpctl
